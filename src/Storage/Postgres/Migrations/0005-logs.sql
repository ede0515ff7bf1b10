-- An attempt's log: how much of it is sealed, and whether more can come. The bytes are blobs (docs/adr/0002-log-path.md).
create table logs
(
    attempt text collate "C" primary key,
    length bigint not null,
    newlines bigint not null,
    -- Where the unfinished last line begins; equal to length when the last byte is a line feed.
    line_start bigint not null,
    closed boolean not null
);

-- Segments of one log lie end to end: raw_offset + raw_length is the raw_offset of the next.
create table log_segments
(
    attempt text collate "C" not null references logs on delete cascade,
    raw_offset bigint not null,
    raw_length integer not null,
    first_line bigint not null,
    newlines integer not null,
    blob_key text not null,
    stored_length integer not null,
    first_at bigint,
    last_at bigint,
    sub_index bytea not null,
    primary key (attempt, raw_offset)
);

create index log_segments_by_line on log_segments (attempt, first_line, raw_offset);
create index log_segments_by_blob on log_segments (blob_key);
