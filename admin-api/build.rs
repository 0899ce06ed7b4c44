//! Makes the folder of the portal's build, so that the crate compiles where nobody built the portal.

fn main() -> std::io::Result<()> {
    let dist = std::path::Path::new("../portal/dist");
    std::fs::create_dir_all(dist)?;
    println!("cargo::rerun-if-changed=../portal/dist");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
