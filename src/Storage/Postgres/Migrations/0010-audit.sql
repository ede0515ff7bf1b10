-- The audit log (docs/adr/0011-audit-log.md). An entry is its canonical form (entry); the other columns are what searches filter on.

create table audit_entries
(
    tenant text collate "C" not null,
    sequence bigint not null,
    at timestamptz not null,
    actor text collate "C" not null,
    action text collate "C" not null,
    target text collate "C" not null,
    scope text collate "C" not null,
    outcome text not null,
    words tsvector not null,
    entry bytea not null,
    hash bytea not null,
    primary key (tenant, sequence)
);

create index audit_entries_by_time on audit_entries (tenant, at);
create index audit_entries_by_actor on audit_entries (tenant, actor, sequence);
create index audit_entries_by_action on audit_entries (tenant, action, sequence);
create index audit_entries_by_target on audit_entries (tenant, target, sequence);
create index audit_entries_by_scope on audit_entries (tenant, scope, sequence) where scope <> '';
create index audit_entries_refused on audit_entries (tenant, outcome, sequence) where outcome <> 'allowed';
create index audit_entries_by_words on audit_entries using gin (words);

-- One row a tenant: how many entries there are, and the right-hand edge of their tree (roots of complete subtrees, the largest first, 32 bytes each).
create table audit_heads
(
    tenant text collate "C" primary key,
    size bigint not null,
    frontier bytea not null
);

create table audit_checkpoints
(
    tenant text collate "C" not null,
    size bigint not null,
    at timestamptz not null,
    note text not null,
    frontier bytea not null,
    primary key (tenant, size)
);

create function audit_refuse() returns trigger language plpgsql as
$$
begin
    raise exception 'The audit log only grows: % of % is refused.', lower(tg_op), tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_entries_only_grow before update or delete or truncate on audit_entries for each statement execute function audit_refuse();
create trigger audit_checkpoints_only_grow before update or delete or truncate on audit_checkpoints for each statement execute function audit_refuse();
create trigger audit_heads_stay before delete or truncate on audit_heads for each statement execute function audit_refuse();
create trigger audit_heads_only_grow before update on audit_heads for each row when (new.tenant <> old.tenant or new.size <= old.size) execute function audit_refuse();

-- Also for a session that applies replicated changes.
alter table audit_entries enable always trigger audit_entries_only_grow;
alter table audit_checkpoints enable always trigger audit_checkpoints_only_grow;
alter table audit_heads enable always trigger audit_heads_stay;
alter table audit_heads enable always trigger audit_heads_only_grow;

-- Appends entries and returns the number of the first. An entry comes in two parts, between which its number stands. It is all one statement, so that
-- the head is locked only while the database works on it: no client, however slow or dead, holds up the others. Callers run it outside of a
-- transaction: when it has returned, the entries are on disk.
create function audit_append
(
    of_tenant text, times timestamptz[], actors text[], actions text[], targets text[], scopes text[], outcomes text[], word_lists text[], beginnings bytea[], ends bytea[]
)
returns bigint language plpgsql as
$$
declare
    total bigint;
    edge bytea;
    rest bigint;
    leaf bytea;
    node bytea;
    canonical bytea;
begin
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    insert into audit_heads (tenant, size, frontier)
    select of_tenant, 0, '' where not exists (select 1 from audit_heads where tenant = of_tenant)
    on conflict do nothing;
    select size, frontier into strict total, edge from audit_heads where tenant = of_tenant for update;
    for i in 1 .. cardinality(beginnings) loop
        total := total + 1;
        canonical := beginnings[i] || convert_to(total::text, 'UTF8') || ends[i];
        leaf := sha256('\x00'::bytea || canonical);
        insert into audit_entries (tenant, sequence, at, actor, action, target, scope, outcome, words, entry, hash)
        values (of_tenant, total, times[i], actors[i], actions[i], targets[i], scopes[i], outcomes[i], array_to_tsvector(string_to_array(word_lists[i], ' ')), canonical, leaf);
        -- Every complete subtree of the same height that is there already goes together with the new one.
        node := leaf;
        rest := total - 1;
        while rest % 2 = 1 loop
            node := sha256('\x01'::bytea || substring(edge from length(edge) - 31) || node);
            edge := substring(edge from 1 for length(edge) - 32);
            rest := rest / 2;
        end loop;
        edge := edge || node;
    end loop;
    update audit_heads set size = total, frontier = edge where tenant = of_tenant;
    return total - cardinality(beginnings) + 1;
end
$$;
