//! The scripts, each with what they share in front. Redis keeps them by their SHA-1; one that it does not know it is told.

use std::sync::LazyLock;

use redis::Script;

macro_rules! scripts {
    ($($name:ident = $($part:literal)+;)+) => {
        /// Every script of the store.
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)+
        }

        pub(super) static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
            $($name: Script::new(concat!(include_str!("../scripts/prelude.lua"), $(include_str!($part),)+)),)+
        });
    };
}

scripts! {
    acquire = "../scripts/version_prelude.lua" "../scripts/acquire.lua";
    renew = "../scripts/renew.lua";
    release = "../scripts/release.lua";
    held = "../scripts/version_prelude.lua" "../scripts/held.lua";
    learn = "../scripts/learn.lua";
    key_begin = "../scripts/key_begin.lua";
    key_end = "../scripts/key_end.lua";
    key_extend = "../scripts/key_extend.lua";
    key_purge = "../scripts/key_purge.lua";
    key_view = "../scripts/key_view.lua";
    permit = "../scripts/permit.lua";
    permit_keep = "../scripts/permit_keep.lua";
    permit_back = "../scripts/permit_back.lua";
    permit_view = "../scripts/permit_view.lua";
    nodes = "../scripts/nodes.lua";
    fence_raise = "../scripts/fence_raise.lua";
}
