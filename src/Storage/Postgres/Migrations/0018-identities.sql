-- A subject is one person's with one issuer alone, so it has the issuer's (SAML: the entity's) name before it. LDAP's subjects are kept as they are.
with spaces as
(
    select tenant, name, coalesce(doc->'openIdConnect'->>'issuer', substring(doc->'saml'->>'metadata' from 'entityID\s*=\s*["'']([^"'']+)["'']')) as space
    from sign_in_providers
)
update user_identities i set subject = s.space || chr(10) || i.subject
from spaces s where s.tenant = i.tenant and s.name = i.provider and s.space is not null;
