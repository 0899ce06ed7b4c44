-- The store in PostgreSQL: its tables, and one function for each call, so that a call is one statement and one transaction.
-- Times are clock_timestamp() of the server, asked for behind the lock that the call waits for. Spans are microseconds.

CREATE SCHEMA IF NOT EXISTS weir_conflict;

-- Which of these scripts made the schema.
CREATE TABLE weir_conflict.meta (version integer NOT NULL);

CREATE TABLE weir_conflict.held (
  space smallint NOT NULL,
  resource bytea NOT NULL,
  holder bytea NOT NULL,
  alone boolean NOT NULL,
  fence bigint NOT NULL,
  expires timestamptz NOT NULL,
  detail bytea NOT NULL,
  PRIMARY KEY (space, resource, holder)
);
CREATE INDEX held_expires ON weir_conflict.held (expires);

CREATE TABLE weir_conflict.versions (
  resource bytea PRIMARY KEY,
  generation bigint NOT NULL,
  fence bigint NOT NULL DEFAULT 0,
  dirty boolean NOT NULL DEFAULT false,
  tags bytea[] NOT NULL DEFAULT '{}',
  changed timestamptz,
  expires timestamptz NOT NULL
);
CREATE INDEX versions_expires ON weir_conflict.versions (expires);

-- Idempotency keys: P(ending), D(one), X (executed, not stored), U(nknown).
CREATE TABLE weir_conflict.keys (
  name bytea PRIMARY KEY,
  state "char" NOT NULL,
  owner text NOT NULL,
  epoch bigint NOT NULL,
  lease timestamptz NOT NULL,
  fingerprint bytea,
  status integer,
  location bytea,
  answer bytea,
  label bytea NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX keys_expires ON weir_conflict.keys (expires);

CREATE TABLE weir_conflict.permits (
  name bytea NOT NULL,
  id bytea NOT NULL,
  most integer NOT NULL,
  label bytea NOT NULL,
  expires timestamptz NOT NULL,
  PRIMARY KEY (name, id)
);
CREATE INDEX permits_expires ON weir_conflict.permits (expires);

CREATE TABLE weir_conflict.nodes (node text PRIMARY KEY, expires timestamptz NOT NULL);
CREATE TABLE weir_conflict.epochs (store text PRIMARY KEY, epoch bigint NOT NULL);

-- A sequence is not rolled back and survives a crash; a server that was restored from a backup is caught up with by the
-- clock at each opening of the store.
CREATE SEQUENCE weir_conflict.fence;

-- Microseconds since 2024-01-01.
CREATE FUNCTION weir_conflict.mark() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT greatest(1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 1704067200000000)
$$;

CREATE FUNCTION weir_conflict.span(us bigint) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
  SELECT us * interval '1 microsecond'
$$;

-- Microseconds from one time to another, and 0 where that is past.
CREATE FUNCTION weir_conflict.us(earlier timestamptz, later timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT greatest(0, (extract(epoch FROM later - earlier) * 1000000)::bigint)
$$;

CREATE FUNCTION weir_conflict.wall(at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT (extract(epoch FROM at) * 1000000)::bigint
$$;

-- The record of a version, made where there is none.
CREATE FUNCTION weir_conflict.version(p_resource bytea, p_keep bigint) RETURNS weir_conflict.versions
LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz := clock_timestamp();
  v weir_conflict.versions;
BEGIN
  SELECT * INTO v FROM weir_conflict.versions WHERE resource = p_resource AND expires > t;
  IF NOT FOUND THEN
    INSERT INTO weir_conflict.versions (resource, generation, expires)
    VALUES (p_resource, greatest(1, weir_conflict.mark() / 1000), t + weir_conflict.span(p_keep))
    ON CONFLICT (resource) DO UPDATE
      SET generation = excluded.generation, fence = 0, dirty = false, tags = '{}', changed = NULL, expires = excluded.expires
      WHERE versions.expires <= t;
    SELECT * INTO v FROM weir_conflict.versions WHERE resource = p_resource;
  ELSIF v.expires < t + weir_conflict.span(p_keep / 2) THEN
    UPDATE weir_conflict.versions SET expires = t + weir_conflict.span(p_keep) WHERE resource = p_resource;
  END IF;
  RETURN v;
END $$;

CREATE FUNCTION weir_conflict.acquire(
  p_lock bigint, p_space smallint, p_resource bytea, p_holder bytea, p_alone boolean, p_ttl bigint, p_detail bytea,
  p_track boolean, p_most integer, p_keep bigint,
  OUT o_granted boolean, OUT o_fence bigint, OUT o_holder bytea, OUT o_alone boolean, OUT o_left bigint,
  OUT o_detail bytea, OUT o_generation bigint, OUT o_dirty boolean, OUT o_tags bytea[], OUT o_changed bigint
) LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  h weir_conflict.held;
  v weir_conflict.versions;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  t := clock_timestamp();
  SELECT * INTO h FROM weir_conflict.held
    WHERE space = p_space AND resource = p_resource AND holder <> p_holder AND expires > t AND (p_alone OR alone)
    ORDER BY expires DESC LIMIT 1;
  IF h.holder IS NULL AND NOT p_alone AND (
    SELECT count(*) FROM weir_conflict.held
    WHERE space = p_space AND resource = p_resource AND holder <> p_holder AND expires > t
  ) >= p_most THEN
    SELECT * INTO h FROM weir_conflict.held
      WHERE space = p_space AND resource = p_resource AND holder <> p_holder AND expires > t ORDER BY expires LIMIT 1;
  END IF;
  IF h.holder IS NOT NULL THEN
    o_granted := false;
    o_fence := h.fence;
    o_holder := h.holder;
    o_alone := h.alone;
    o_left := weir_conflict.us(t, h.expires);
    o_detail := h.detail;
    RETURN;
  END IF;
  o_granted := true;
  o_fence := nextval('weir_conflict.fence');
  INSERT INTO weir_conflict.held VALUES
    (p_space, p_resource, p_holder, p_alone, o_fence, t + weir_conflict.span(p_ttl), p_detail)
  ON CONFLICT (space, resource, holder) DO UPDATE
    SET alone = excluded.alone, fence = excluded.fence, expires = excluded.expires, detail = excluded.detail;
  IF p_track THEN
    v := weir_conflict.version(p_resource, p_keep);
    o_generation := v.generation;
    o_dirty := v.dirty;
    o_tags := v.tags;
    IF v.dirty THEN
      o_generation := v.generation + 1;
      o_tags := '{}';
    END IF;
    o_changed := weir_conflict.wall(v.changed);
    UPDATE weir_conflict.versions
      SET generation = o_generation, tags = o_tags, dirty = true, fence = o_fence, expires = t + weir_conflict.span(p_keep)
      WHERE resource = p_resource;
  END IF;
END $$;

CREATE FUNCTION weir_conflict.renew(p_lock bigint, p_space smallint, p_resource bytea, p_holder bytea, p_ttl bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  f bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  UPDATE weir_conflict.held SET expires = clock_timestamp() + weir_conflict.span(p_ttl)
    WHERE space = p_space AND resource = p_resource AND holder = p_holder AND expires > clock_timestamp()
    RETURNING fence INTO f;
  RETURN f;
END $$;

-- p_end: c(ommit), a(bort) or - for neither.
CREATE FUNCTION weir_conflict.release(
  p_lock bigint, p_space smallint, p_resource bytea, p_holder bytea, p_end text, p_fence bigint, p_tags bytea[],
  p_keep bigint,
  OUT o_fence bigint, OUT o_alone boolean, OUT o_left bigint, OUT o_detail bytea, OUT o_generation bigint
) LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  h weir_conflict.held;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  t := clock_timestamp();
  IF p_end <> '-' THEN
    UPDATE weir_conflict.versions SET
      generation = CASE WHEN dirty AND p_end = 'c' THEN generation + 1 ELSE generation END,
      tags = CASE WHEN dirty AND p_end = 'c' THEN p_tags ELSE tags END,
      changed = CASE WHEN dirty AND p_end = 'c' THEN t ELSE changed END,
      dirty = false,
      expires = t + weir_conflict.span(p_keep)
      WHERE resource = p_resource AND fence = p_fence AND expires > t
      RETURNING generation INTO o_generation;
  END IF;
  DELETE FROM weir_conflict.held WHERE space = p_space AND resource = p_resource AND holder = p_holder RETURNING * INTO h;
  IF h.expires > t THEN
    o_fence := h.fence;
    o_alone := h.alone;
    o_left := weir_conflict.us(t, h.expires);
    o_detail := h.detail;
  END IF;
END $$;

CREATE FUNCTION weir_conflict.learn(p_lock bigint, p_resource bytea, p_generation bigint, p_tag bytea, p_most integer, p_keep bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  v weir_conflict.versions;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  t := clock_timestamp();
  SELECT * INTO v FROM weir_conflict.versions WHERE resource = p_resource AND expires > t;
  IF NOT FOUND OR v.dirty OR v.generation <> p_generation THEN
    RETURN false;
  END IF;
  IF NOT p_tag = ANY (v.tags) THEN
    v.tags := v.tags || p_tag;
    UPDATE weir_conflict.versions
      SET tags = v.tags[greatest(1, cardinality(v.tags) - p_most + 1):], expires = t + weir_conflict.span(p_keep)
      WHERE resource = p_resource;
  END IF;
  RETURN true;
END $$;

-- o_word: N(ew), B(usy), M(ismatch), D(one), X (not stored), U(nknown).
CREATE FUNCTION weir_conflict.key_begin(
  p_lock bigint, p_name bytea, p_fingerprint bytea, p_owner text, p_lease bigint, p_ttl bigint, p_retry boolean,
  p_label bytea,
  OUT o_word text, OUT o_epoch bigint, OUT o_left bigint, OUT o_fingerprint bytea, OUT o_status integer,
  OUT o_location bytea, OUT o_answer bytea
) LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  k weir_conflict.keys;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  t := clock_timestamp();
  SELECT * INTO k FROM weir_conflict.keys WHERE name = p_name AND expires > t;
  o_fingerprint := k.fingerprint;
  IF k.name IS NULL THEN
    o_word := 'N';
    o_epoch := 1;
  ELSIF k.fingerprint <> p_fingerprint THEN
    o_word := 'M';
  ELSIF k.state IN ('D', 'X') THEN
    o_word := k.state;
    o_status := k.status;
    o_location := k.location;
    o_answer := k.answer;
  ELSIF k.state = 'P' AND k.lease > t THEN
    o_word := 'B';
    o_left := weir_conflict.us(t, k.lease);
  ELSIF p_retry THEN
    o_word := 'N';
    o_epoch := k.epoch + 1;
  ELSE
    o_word := 'U';
    UPDATE weir_conflict.keys SET state = 'U' WHERE name = p_name AND state = 'P';
  END IF;
  IF o_word = 'N' THEN
    INSERT INTO weir_conflict.keys (name, state, owner, epoch, lease, fingerprint, label, expires)
    VALUES (p_name, 'P', p_owner, o_epoch, t + weir_conflict.span(p_lease), p_fingerprint, p_label,
      t + weir_conflict.span(p_ttl))
    ON CONFLICT (name) DO UPDATE SET state = 'P', owner = excluded.owner, epoch = excluded.epoch, lease = excluded.lease,
      fingerprint = excluded.fingerprint, status = NULL, location = NULL, answer = NULL, label = excluded.label,
      expires = excluded.expires;
  END IF;
END $$;

-- p_word: D(one), X (not stored), U(nknown), R(eleased).
CREATE FUNCTION weir_conflict.key_end(
  p_lock bigint, p_name bytea, p_owner text, p_epoch bigint, p_word text, p_fingerprint bytea, p_status integer,
  p_location bytea, p_answer bytea, p_ttl bigint
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  IF p_word = 'R' THEN
    DELETE FROM weir_conflict.keys
      WHERE name = p_name AND owner = p_owner AND epoch = p_epoch AND expires > clock_timestamp();
  ELSE
    UPDATE weir_conflict.keys SET state = p_word::"char", fingerprint = coalesce(fingerprint, p_fingerprint),
      status = p_status, location = p_location, answer = p_answer,
      expires = clock_timestamp() + weir_conflict.span(p_ttl)
      WHERE name = p_name AND owner = p_owner AND epoch = p_epoch AND expires > clock_timestamp();
  END IF;
  RETURN FOUND;
END $$;

CREATE FUNCTION weir_conflict.key_extend(p_lock bigint, p_name bytea, p_owner text, p_epoch bigint, p_lease bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  until timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  until := clock_timestamp() + weir_conflict.span(p_lease);
  UPDATE weir_conflict.keys SET lease = until, expires = greatest(expires, until)
    WHERE name = p_name AND owner = p_owner AND epoch = p_epoch AND state = 'P' AND expires > clock_timestamp();
  RETURN FOUND;
END $$;

CREATE FUNCTION weir_conflict.permit(
  p_lock bigint, p_name bytea, p_id bytea, p_limit integer, p_lease bigint, p_label bytea,
  OUT o_granted boolean, OUT o_taken bigint, OUT o_next bigint
) LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  soonest timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  t := clock_timestamp();
  DELETE FROM weir_conflict.permits WHERE name = p_name AND expires <= t;
  SELECT count(*), min(expires) INTO o_taken, soonest FROM weir_conflict.permits WHERE name = p_name AND id <> p_id;
  o_granted := o_taken < p_limit;
  IF o_granted OR EXISTS (SELECT 1 FROM weir_conflict.permits WHERE name = p_name AND id = p_id) THEN
    o_granted := true;
    o_taken := o_taken + 1;
    INSERT INTO weir_conflict.permits VALUES (p_name, p_id, p_limit, p_label, t + weir_conflict.span(p_lease))
    ON CONFLICT (name, id) DO UPDATE SET most = excluded.most, label = excluded.label, expires = excluded.expires;
  ELSE
    o_next := weir_conflict.us(t, coalesce(soonest, t));
  END IF;
END $$;

-- The permits that are still there.
CREATE FUNCTION weir_conflict.permit_keep(p_lock bigint, p_name bytea, p_ids bytea[], p_lease bigint)
RETURNS SETOF bytea LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(p_lock);
  RETURN QUERY UPDATE weir_conflict.permits SET expires = clock_timestamp() + weir_conflict.span(p_lease)
    WHERE name = p_name AND id = ANY (p_ids) AND expires > clock_timestamp() RETURNING id;
END $$;

CREATE FUNCTION weir_conflict.heartbeat(p_node text, p_ttl bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO weir_conflict.nodes VALUES (p_node, clock_timestamp() + weir_conflict.span(p_ttl))
  ON CONFLICT (node) DO UPDATE SET expires = excluded.expires;
  RETURN (SELECT count(*) FROM weir_conflict.nodes WHERE expires > clock_timestamp());
END $$;

CREATE FUNCTION weir_conflict.next_epoch(p_store text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  INSERT INTO weir_conflict.epochs AS e VALUES (p_store, (weir_conflict.mark() >> 40) + 1)
  ON CONFLICT (store) DO UPDATE SET epoch = greatest(e.epoch + 1, excluded.epoch) RETURNING epoch
$$;

-- Drops a few rows that ran out a while ago, and says how many. A row that somebody deals with now is left.
CREATE FUNCTION weir_conflict.sweep(p_most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz := clock_timestamp() - interval '10 seconds';
  n bigint;
  total bigint := 0;
  tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['held', 'versions', 'keys', 'permits', 'nodes'] LOOP
    EXECUTE format('DELETE FROM weir_conflict.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM weir_conflict.%1$I WHERE expires < $1
      LIMIT $2 FOR UPDATE SKIP LOCKED)) AND expires < $1', tab) USING t, p_most;
    GET DIAGNOSTICS n = ROW_COUNT;
    total := total + n;
  END LOOP;
  RETURN total;
END $$;

INSERT INTO weir_conflict.meta VALUES (1);
