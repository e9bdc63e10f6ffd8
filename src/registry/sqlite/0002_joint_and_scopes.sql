-- Joint certification, acts driven by scores, shared slots.

-- A check cannot be changed, so the table is made anew with one more word. Its
-- rows are put back before the transaction ends: then every message in the
-- outbox has its accusation again.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE standing AS SELECT * FROM accusation;
DROP TABLE accusation;

-- Sources whose e-value crossed their threshold.
CREATE TABLE accusation (
    id            INTEGER PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    account       TEXT NOT NULL,
    -- of the pair process, or named by level 2; empty for the account
    batch         TEXT NOT NULL,
    route         TEXT NOT NULL
        CONSTRAINT known_route CHECK (route IN ('account', 'pair', 'joint', 'at-once', 'batch')),
    -- natural logarithms, when the threshold was crossed
    ln_e          REAL NOT NULL,
    ln_threshold  REAL NOT NULL,
    -- the decision that crossed it
    seq           INTEGER NOT NULL,
    at            TEXT NOT NULL,
    CONSTRAINT accused_once UNIQUE (epoch, account, batch, route),
    CONSTRAINT accuses_an_account FOREIGN KEY (epoch, account) REFERENCES account (epoch, name)
) STRICT;

INSERT INTO accusation SELECT * FROM standing ORDER BY id;
DROP TABLE standing;

-- What somebody did that may have been driven by scores. After one that no
-- accusation had asked for, joint certification of its epoch looks no more.
CREATE TABLE act (
    id         INTEGER PRIMARY KEY,
    epoch      INTEGER NOT NULL REFERENCES epoch (epoch),
    kind       TEXT NOT NULL CONSTRAINT known_kind
        CHECK (kind IN ('block-line', 'test-call', 'replant', 'edit-triage', 'disclose')),
    -- the accused account that it follows; NULL: it follows no accusation
    account    TEXT,
    -- what the operator said
    why        TEXT NOT NULL,
    -- the epoch's newest decision then; 0 for none
    after_seq  INTEGER NOT NULL,
    at         TEXT NOT NULL,
    CONSTRAINT follows_an_account FOREIGN KEY (epoch, account) REFERENCES account (epoch, name)
) STRICT;

-- Data sets that several accounts see: their exports carry shared slots.
CREATE TABLE scope (
    id        INTEGER PRIMARY KEY,
    epoch     INTEGER NOT NULL REFERENCES epoch (epoch),
    -- what the operator calls the data set, such as outlet and day
    name      TEXT NOT NULL,
    template  INTEGER NOT NULL REFERENCES template (id),
    -- waybill block of the shared rows' numbers; empty for none
    block     TEXT NOT NULL,
    -- sealed: the serials of both variants of each slot, as varints
    serials   BLOB NOT NULL,
    opened    TEXT NOT NULL,
    CONSTRAINT scope_once UNIQUE (epoch, name)
) STRICT;

-- The scope whose shared slots the planting carries; empty for none.
ALTER TABLE planting ADD COLUMN scope TEXT NOT NULL DEFAULT '';
