-- Once: each row remembers the greatest fencing token that has written it.
CREATE TABLE page (
  id    TEXT PRIMARY KEY,
  body  TEXT NOT NULL,
  fence BIGINT NOT NULL DEFAULT 0
);

-- With each write, in one statement, so that nothing comes in between.
-- No row comes back: somebody with a later token has written. Answer 409.
UPDATE page
   SET body  = :body,
       fence = :fence
 WHERE id = :id
   AND fence <= :fence
RETURNING id;
