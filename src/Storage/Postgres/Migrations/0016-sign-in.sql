-- Who else may say for a tenant who somebody is (docs/adr/0019-sign-in.md).
create table sign_in_providers
(
    tenant text not null,
    name text not null,
    version bigint not null,
    doc jsonb not null,
    -- The client's secret or the password of the search account; null: none.
    sealed bytea,
    primary key (tenant, name)
);

-- Who signs in with a password of ours; no row: everybody.
create table sign_in_policies
(
    tenant text primary key,
    doc jsonb not null
);

-- SAML assertions that were used, until they would be refused anyway.
create table used_assertions
(
    issuer text not null,
    assertion text not null,
    until timestamptz not null,
    primary key (issuer, assertion)
);

create index used_assertions_by_end on used_assertions (until);
