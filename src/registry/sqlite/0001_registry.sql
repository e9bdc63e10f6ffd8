-- The registry, first version.
--
-- Two words recur. "sealed": XChaCha20-Poly1305 under the workspace's seal key,
-- the 24-byte nonce in front; "table.column" and the row's id are the
-- associated data, so that a value opens only where it was put. "tag": the
-- first 16 bytes of an HMAC-SHA256 under the workspace's tag key; it finds a
-- value without showing it. Everything else is in the clear and holds no canary.
--
-- Times are RFC 3339 in UTC with exactly six decimals: they sort as text.
-- Ids are never used again; no row is ever deleted.

-- Whose registry this is: one row.
CREATE TABLE workspace (
    id      INTEGER PRIMARY KEY CONSTRAINT one_workspace CHECK (id = 1),
    -- id of the master key: 16 hexadecimal digits, looked at before all else
    key_id  TEXT NOT NULL
) STRICT;

-- The operator's telephone lines, in the order they were added.
CREATE TABLE line (
    id        INTEGER PRIMARY KEY,
    -- tag of country, national number and extension: a line is there once
    tag       BLOB NOT NULL CONSTRAINT line_once UNIQUE,
    -- sealed JSON [country, national, extension]
    number    BLOB NOT NULL,
    -- 'trap' is planted, 'control' measures the background
    line_use  TEXT NOT NULL CONSTRAINT known_use CHECK (line_use IN ('trap', 'control')),
    -- 1: of an unassigned range, for demonstrations only
    demo      INTEGER NOT NULL CONSTRAINT demo_is_flag CHECK (demo IN (0, 1)),
    added     TEXT NOT NULL
) STRICT;

-- Epochs with the rules that were registered when they were opened.
CREATE TABLE epoch (
    -- ordinal, from 1
    epoch       INTEGER PRIMARY KEY,
    -- such as 2026Q4
    label       TEXT NOT NULL CONSTRAINT label_once UNIQUE,
    -- the registered text, byte for byte: JSON on one line
    rules       TEXT NOT NULL,
    -- SHA-256 of the registered text, hexadecimal
    rules_hash  TEXT NOT NULL,
    opened      TEXT NOT NULL
) STRICT;

-- The frozen pool of an epoch.
CREATE TABLE pool (
    epoch  INTEGER NOT NULL REFERENCES epoch (epoch),
    -- place in the pool, from 0: what codewords are made of
    place  INTEGER NOT NULL,
    line   INTEGER NOT NULL REFERENCES line (id),
    CONSTRAINT place_once PRIMARY KEY (epoch, place),
    CONSTRAINT pooled_once UNIQUE (epoch, line)
) STRICT, WITHOUT ROWID;

-- Templates that some account was or is bound to.
CREATE TABLE template (
    id    INTEGER PRIMARY KEY,
    -- content hash, hexadecimal
    hash  TEXT NOT NULL CONSTRAINT template_once UNIQUE,
    name  TEXT NOT NULL,
    -- sealed: the template's text tells what canaries look like
    text  BLOB NOT NULL
) STRICT;

-- Accounts of an epoch.
CREATE TABLE account (
    id        INTEGER PRIMARY KEY,
    epoch     INTEGER NOT NULL REFERENCES epoch (epoch),
    -- place in the order of binding, from 0 and without gaps
    ordinal   INTEGER NOT NULL,
    name      TEXT NOT NULL,
    template  INTEGER NOT NULL REFERENCES template (id),
    -- hits before it are no queries of this account
    start     TEXT NOT NULL,
    CONSTRAINT bound_once UNIQUE (epoch, name),
    CONSTRAINT ordinal_once UNIQUE (epoch, ordinal)
) STRICT;

-- Waybill blocks and how far they are used up.
CREATE TABLE block (
    block  TEXT PRIMARY KEY,
    -- serials it holds: 0 .. size
    size   INTEGER NOT NULL,
    -- the first serial that nobody was given; the number it becomes is keyed
    next   INTEGER NOT NULL,
    CONSTRAINT within_block CHECK (0 <= next AND next <= size)
) STRICT;

-- Plantings, in the order they were registered.
CREATE TABLE planting (
    id           INTEGER PRIMARY KEY,
    epoch        INTEGER NOT NULL REFERENCES epoch (epoch),
    account      INTEGER NOT NULL REFERENCES account (id),
    -- batch id; empty for the account's standing canaries
    batch        TEXT NOT NULL,
    -- place among the account's plantings in the epoch, from 1
    j            INTEGER NOT NULL,
    -- distinct lines (t)
    lines        INTEGER NOT NULL,
    -- roles that wear a line, in order, between commas
    roles        TEXT NOT NULL,
    -- waybill block; empty for none
    block        TEXT NOT NULL,
    at           TEXT NOT NULL,
    -- SHA-256 and length of the uncompressed input; empty and 0 for `seed`
    input_hash   TEXT NOT NULL,
    input_bytes  INTEGER NOT NULL,
    -- sealed: the serials of its numbers, in index order, as varints (docs/formats/registry.md)
    serials      BLOB NOT NULL,
    -- when its file got its final name; NULL: perhaps nobody received it
    released     TEXT,
    CONSTRAINT batch_once UNIQUE (account, batch),
    CONSTRAINT j_once UNIQUE (account, j)
) STRICT;

CREATE INDEX planting_by_epoch ON planting (epoch);

-- What depends on the file about a planting. A table of its own, since
-- attribution walks over all plantings and needs none of this.
CREATE TABLE planted_rows (
    planting  INTEGER PRIMARY KEY REFERENCES planting (id),
    -- sealed JSON: serial, place, hash and context of each row
    rows      BLOB NOT NULL
) STRICT;

-- Feeds and how far they were read.
CREATE TABLE feed (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL CONSTRAINT feed_once UNIQUE,
    -- where reading goes on: the feed's own JSON
    cursor        TEXT NOT NULL,
    -- records read so far, whether they mattered or not
    records       INTEGER NOT NULL,
    last_success  TEXT,
    last_record   TEXT,
    -- failures since the last pass that worked, and the newest message
    failures      INTEGER NOT NULL,
    error         TEXT NOT NULL
) STRICT;

-- Records with hits. Never per source: a line has thousands of owners.
CREATE TABLE observation (
    id    INTEGER PRIMARY KEY,
    feed  INTEGER NOT NULL REFERENCES feed (id),
    -- tag of feed and identity: a record that is read twice is stored once
    tag   BLOB NOT NULL CONSTRAINT observed_once UNIQUE,
    -- when it happened
    at    TEXT NOT NULL,
    -- sealed JSON: what was seen
    body  BLOB NOT NULL,
    -- sealed JSON: what the matcher found
    hit   BLOB NOT NULL
) STRICT;

CREATE INDEX observation_by_time ON observation (at);

-- Records that could not be read: kept and counted, never skipped.
CREATE TABLE quarantine (
    id     INTEGER PRIMARY KEY,
    feed   INTEGER NOT NULL REFERENCES feed (id),
    -- tag of feed and identity
    tag    BLOB NOT NULL CONSTRAINT quarantined_once UNIQUE,
    -- where and why; no values of the record
    fault  TEXT NOT NULL,
    -- sealed: the record's bytes
    raw    BLOB NOT NULL,
    at     TEXT NOT NULL
) STRICT;

-- What triage said, once and for good: the order of an epoch's queries.
CREATE TABLE decision (
    epoch        INTEGER NOT NULL REFERENCES epoch (epoch),
    -- from 1 and without gaps
    seq          INTEGER NOT NULL,
    observation  INTEGER NOT NULL REFERENCES observation (id),
    verdict      TEXT NOT NULL
        CONSTRAINT known_verdict CHECK (verdict IN ('confirmed', 'allow-listed', 'storm', 'slight')),
    -- hash of the rules it was decided by
    rules_hash   TEXT NOT NULL,
    decided      TEXT NOT NULL,
    CONSTRAINT seq_once PRIMARY KEY (epoch, seq),
    CONSTRAINT decided_once UNIQUE (epoch, observation)
) STRICT, WITHOUT ROWID;

-- Sources whose e-value crossed their threshold.
CREATE TABLE accusation (
    id            INTEGER PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    account       TEXT NOT NULL,
    -- of the pair process, or named by level 2; empty for the account
    batch         TEXT NOT NULL,
    route         TEXT NOT NULL
        CONSTRAINT known_route CHECK (route IN ('account', 'pair', 'at-once', 'batch')),
    -- natural logarithms, when the threshold was crossed
    ln_e          REAL NOT NULL,
    ln_threshold  REAL NOT NULL,
    -- the decision that crossed it
    seq           INTEGER NOT NULL,
    at            TEXT NOT NULL,
    CONSTRAINT accused_once UNIQUE (epoch, account, batch, route),
    CONSTRAINT accuses_an_account FOREIGN KEY (epoch, account) REFERENCES account (epoch, name)
) STRICT;

-- Accounts opened for level 2.
CREATE TABLE opening (
    epoch    INTEGER NOT NULL,
    -- place among the epoch's openings, from 1: its share of alpha
    j        INTEGER NOT NULL,
    account  TEXT NOT NULL,
    -- batches it had then, standing canaries not counted
    batches  INTEGER NOT NULL,
    -- 'accused', or what the analyst said
    why      TEXT NOT NULL,
    at       TEXT NOT NULL,
    CONSTRAINT opening_once PRIMARY KEY (epoch, j),
    CONSTRAINT opens_an_account FOREIGN KEY (epoch, account) REFERENCES account (epoch, name)
) STRICT, WITHOUT ROWID;

-- Who saw which lines of a source, before its queries were complete.
CREATE TABLE revelation (
    id         INTEGER PRIMARY KEY,
    -- tag of all that was seen, and why: the same look is noted once
    tag        BLOB NOT NULL CONSTRAINT revealed_once UNIQUE,
    epoch      INTEGER NOT NULL,
    account    TEXT NOT NULL,
    -- NULL: lines of the account as a whole
    batch      TEXT,
    -- sealed JSON: places in the pool; [] for every line
    lines      BLOB NOT NULL,
    -- which command
    why        TEXT NOT NULL,
    -- the epoch's newest decision then; 0 for none
    after_seq  INTEGER NOT NULL,
    at         TEXT NOT NULL,
    CONSTRAINT reveals_an_account FOREIGN KEY (epoch, account) REFERENCES account (epoch, name)
) STRICT;

-- Messages on their way to a webhook.
CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    -- the accusation it tells of; written in the same transaction
    accusation  INTEGER NOT NULL CONSTRAINT told_once UNIQUE REFERENCES accusation (id),
    -- sealed
    body        BLOB NOT NULL,
    attempts    INTEGER NOT NULL,
    at          TEXT NOT NULL,
    -- not before this time
    next        TEXT NOT NULL,
    -- the newest failure; empty for none
    error       TEXT NOT NULL,
    -- NULL: waits
    delivered   TEXT
) STRICT;

CREATE INDEX outbox_waiting ON outbox (id) WHERE delivered IS NULL;
