//! Statements that are put together at run time: rows inserted many at a time, on either database.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use sqlx::error::BoxDynError;
use sqlx::query::{Query, QueryAs};
use sqlx::{Arguments, AssertSqlSafe, Database, FromRow, IntoArguments, Postgres, Sqlite};

use super::db::{StoreError, Tx, execute, within};

/// How many rows one statement inserts, largest first: what is left over goes by the next size. Few sizes, so
/// that every text stays prepared; 64 rows of the widest table are 2,368 parameters, and SQLite takes 32,766.
const SIZES: [usize; 3] = [64, 8, 1];

/// A value of a column.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// A number.
    Number(i64),
    /// A number or nothing.
    MaybeNumber(Option<i64>),
    /// Text, in the form that the database takes.
    Text(Cow<'a, str>),
    /// Text or nothing.
    MaybeText(Option<&'a str>),
}

/// Takes the values of a row, in the order of its columns.
pub(super) type Add<'f> = dyn FnMut(Value<'_>) + 'f;

/// The last text of a column: rows that follow on each other are mostly alike.
type Last = Option<Arc<str>>;

/// What differs between the databases when arguments are given.
pub(super) trait Backend: Database<Arguments: IntoArguments<Self>> {
    /// How a parameter is written. SQLite's driver looks for the name of every parameter that has one, in a
    /// list that it walks from the begin: with thousands of `$n` that costs more than the insert.
    const NUMBERED: bool;

    /// Gives one argument. `last` is for the text that the column had in the row before.
    fn add(arguments: &mut Self::Arguments, value: Value<'_>, last: &mut Last) -> Result<(), BoxDynError>;
}

impl Backend for Postgres {
    const NUMBERED: bool = true;

    fn add(arguments: &mut Self::Arguments, value: Value<'_>, _: &mut Last) -> Result<(), BoxDynError> {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::MaybeNumber(number) => arguments.add(number),
            Value::Text(text) => arguments.add(&*text),
            Value::MaybeText(text) => arguments.add(text),
        }
    }
}

impl Backend for Sqlite {
    const NUMBERED: bool = false;

    fn add(arguments: &mut Self::Arguments, value: Value<'_>, last: &mut Last) -> Result<(), BoxDynError> {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::MaybeNumber(number) => arguments.add(number),
            // This driver allocates twice for a text that is not shared.
            Value::Text(text) => arguments.add(match last {
                Some(shared) if **shared == *text => Arc::clone(shared),
                _ => Arc::clone(last.insert(Arc::from(&*text))),
            }),
            Value::MaybeText(text) => arguments.add(text),
        }
    }
}

/// An insert of many rows into one table.
pub(super) struct Insert {
    table: &'static str,
    columns: Cow<'static, str>,
    /// What follows the values.
    tail: Cow<'static, str>,
    /// Its texts, made once: by size, with and without numbers.
    texts: [[OnceLock<String>; 2]; SIZES.len()],
}

impl Insert {
    /// `columns` and `tail` are SQL, such as `id, name` and `ON CONFLICT (id) DO NOTHING`.
    pub(super) const fn new(table: &'static str, columns: Cow<'static, str>, tail: Cow<'static, str>) -> Self {
        Self { table, columns, tail, texts: [const { [const { OnceLock::new() }; 2] }; SIZES.len()] }
    }

    fn text<DB: Backend>(&'static self, size: usize) -> &'static str {
        let rows = SIZES.get(size).copied().unwrap_or(1);
        let [numbered, plain] = &self.texts[size];
        let text = if DB::NUMBERED { numbered } else { plain };
        text.get_or_init(|| {
            let columns = self.columns.split(',').count();
            let mut text = format!("INSERT INTO {} ({}) VALUES ", self.table, self.columns);
            for row in 0..rows {
                for column in 0..columns {
                    text.push_str(match (row, column) {
                        (0, 0) => "(",
                        (_, 0) => "), (",
                        _ => ", ",
                    });
                    // Writing into a string does not fail.
                    _ = if DB::NUMBERED {
                        write!(text, "${}", row * columns + column + 1)
                    } else {
                        text.write_str("?")
                    };
                }
            }
            text.push_str(") ");
            text.push_str(&self.tail);
            text
        })
    }

    fn arguments<DB: Backend, T>(
        &self,
        rows: &[T],
        values: fn(&T, &mut Add<'_>),
    ) -> Result<DB::Arguments, sqlx::Error> {
        let mut arguments = DB::Arguments::default();
        let mut last = vec![None; self.columns.split(',').count()];
        arguments.reserve(rows.len() * last.len(), 0);
        let mut added = Ok(());
        for row in rows {
            let mut columns = last.iter_mut();
            values(row, &mut |value| {
                if added.is_ok() {
                    added = DB::add(&mut arguments, value, columns.next().unwrap_or(&mut None));
                }
            });
        }
        added.map_err(sqlx::Error::Encode)?;
        Ok(arguments)
    }

    /// The statement for as many rows as `size` says.
    fn query<DB: Backend, T>(
        &'static self,
        size: usize,
        rows: &[T],
        values: fn(&T, &mut Add<'_>),
    ) -> Result<Query<'static, DB, DB::Arguments>, sqlx::Error> {
        Ok(sqlx::query_with(self.text::<DB>(size), self.arguments::<DB, T>(rows, values)?))
    }

    /// The same where the tail gives rows back.
    fn query_as<DB: Backend, T, O: for<'r> FromRow<'r, DB::Row>>(
        &'static self,
        size: usize,
        rows: &[T],
        values: fn(&T, &mut Add<'_>),
    ) -> Result<QueryAs<'static, DB, O, DB::Arguments>, sqlx::Error> {
        Ok(sqlx::query_as_with(self.text::<DB>(size), self.arguments::<DB, T>(rows, values)?))
    }
}

impl Tx {
    /// Inserts rows and tells how many were stored: fewer than given where the tail of the insert lets rows go.
    pub(super) async fn insert<T>(
        &mut self,
        insert: &'static Insert,
        rows: &[T],
        values: fn(&T, &mut Add<'_>),
    ) -> Result<u64, StoreError> {
        let (mut rest, mut stored) = (rows, 0);
        for (size, &count) in SIZES.iter().enumerate() {
            while let Some((chunk, more)) = rest.split_at_checked(count) {
                stored += execute!(self, insert.query(size, chunk, values)?)?;
                rest = more;
            }
        }
        Ok(stored)
    }

    /// Inserts rows and gives back the one text that the tail returns of each that was stored.
    pub(super) async fn insert_returning<T>(
        &mut self,
        insert: &'static Insert,
        rows: &[T],
        values: fn(&T, &mut Add<'_>),
    ) -> Result<Vec<String>, StoreError> {
        let (mut rest, mut stored) = (rows, Vec::new());
        for (size, &count) in SIZES.iter().enumerate() {
            while let Some((chunk, more)) = rest.split_at_checked(count) {
                let back: Vec<(String,)> =
                    within!(self, c => insert.query_as(size, chunk, values)?.fetch_all(c).await)?;
                stored.extend(back.into_iter().map(|(text,)| text));
                rest = more;
            }
        }
        Ok(stored)
    }
}

/// A query put together from pieces of SQL and the values between them.
pub(super) struct Sql<'a> {
    text: String,
    values: Vec<Value<'a>>,
}

impl<'a> Sql<'a> {
    /// Begins with this piece.
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Goes on with this piece, which is the program's own text, never a caller's.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a parameter that has this value.
    pub(super) fn bind(&mut self, value: Value<'a>) -> &mut Self {
        self.values.push(value);
        // Few, so that numbers do no harm on SQLite either. Writing into a string does not fail.
        _ = write!(self.text, "${}", self.values.len());
        self
    }

    fn arguments<DB: Backend>(&self) -> Result<DB::Arguments, sqlx::Error> {
        let mut arguments = DB::Arguments::default();
        for value in &self.values {
            DB::add(&mut arguments, value.clone(), &mut None).map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }

    /// The statement, for either database.
    pub(super) fn query<DB: Backend>(&self) -> Result<Query<'static, DB, DB::Arguments>, sqlx::Error> {
        Ok(sqlx::query_with(AssertSqlSafe(self.text.clone()), self.arguments::<DB>()?))
    }

    /// The query, for either database.
    pub(super) fn query_as<DB: Backend, O: for<'r> FromRow<'r, DB::Row>>(
        &self,
    ) -> Result<QueryAs<'static, DB, O, DB::Arguments>, sqlx::Error> {
        Ok(sqlx::query_as_with(AssertSqlSafe(self.text.clone()), self.arguments::<DB>()?))
    }
}
