using PRTS.Api.Secrets;

namespace PRTS.Api.Access;

/// <summary>By what a provider says who somebody is.</summary>
public enum SignInKind
{
    OpenIdConnect = 0,
    Ldap = 1,
    Saml = 2,
}

/// <summary>Whoever is in the group there is in the team here.</summary>
/// <param name="Group">As the provider writes it; <c>*</c> stands for any characters, and alone for everybody who comes from there.</param>
/// <param name="Team"><c>organization/team</c>.</param>
[GenerateSerializer, Alias("prts.group-rule"), Immutable]
public sealed record GroupRule([property: Id(0)] string Group, [property: Id(1)] string Team);

/// <summary>Authorization code flow with PKCE.</summary>
[GenerateSerializer, Alias("prts.open-id-connect"), Immutable]
public sealed record OpenIdConnectSettings
{
    /// <summary>Its <c>iss</c>, an https address (http only to this machine): what it says of itself is read below it.</summary>
    [Id(0)] public required string Issuer { get; init; }
    [Id(1)] public required string ClientId { get; init; }

    /// <summary>Beside <c>openid</c>.</summary>
    [Id(2)] public IReadOnlyList<string> Scopes { get; init; } = ["profile", "email"];

    /// <summary>The claim that has the name of the account that is made.</summary>
    [Id(3)] public string NameClaim { get; init; } = "preferred_username";
    [Id(4)] public string GroupsClaim { get; init; } = "groups";
}

/// <summary>A directory that is asked over TLS.</summary>
[GenerateSerializer, Alias("prts.ldap"), Immutable]
public sealed record LdapSettings
{
    /// <summary><c>ldaps://host:port</c>.</summary>
    [Id(0)] public required string Address { get; init; }

    /// <summary>Who looks for people; its password is the provider's secret.</summary>
    [Id(1)] public required string SearchDn { get; init; }

    /// <summary>Below it people are looked for.</summary>
    [Id(2)] public required string PeopleDn { get; init; }

    /// <summary>The attribute that has the name that people type.</summary>
    [Id(3)] public string NameAttribute { get; init; } = "uid";

    /// <summary>The attribute that never changes, by which an account is known; empty: the DN.</summary>
    [Id(4)] public string IdAttribute { get; init; } = "entryUUID";

    /// <summary>Below it groups are looked for; null: none are.</summary>
    [Id(5)] public string? GroupsDn { get; init; }

    /// <summary>The attribute of a group that has the DNs of its members.</summary>
    [Id(6)] public string MemberAttribute { get; init; } = "member";
}

/// <summary>SAML 2.0, web browser profile.</summary>
[GenerateSerializer, Alias("prts.saml"), Immutable]
public sealed record SamlSettings
{
    /// <summary>The provider's metadata, XML; or the https address from which they are to be read once, now.</summary>
    [Id(0)] public required string Metadata { get; init; }

    /// <summary>The attribute that has the name of the account that is made; empty: the subject's name.</summary>
    [Id(1)] public string NameAttribute { get; init; } = "";
    [Id(2)] public string EmailAttribute { get; init; } = "email";
    [Id(3)] public string GroupsAttribute { get; init; } = "groups";

    /// <summary>Sign-ins that the provider begins are accepted, too.</summary>
    [Id(4)] public bool AllowUnsolicited { get; init; }
}

/// <summary>Somebody else who says who people are. Exactly one of the three settings is there.</summary>
[GenerateSerializer, Alias("prts.sign-in-provider"), Immutable]
public sealed record SignInProvider
{
    /// <summary>In addresses: a-z 0-9 and hyphens.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>On the button of the login page; empty: the name.</summary>
    [Id(1)] public string DisplayName { get; init; } = "";
    [Id(2)] public bool Enabled { get; init; } = true;

    /// <summary>Whoever signs in for the first time gets an account; otherwise only accounts that were linked before sign in.</summary>
    [Id(3)] public bool MakesAccounts { get; init; } = true;

    /// <summary>Teams that groups fill: at each sign-in their members that come from here are taken in and out.</summary>
    [Id(4)] public IReadOnlyList<GroupRule> Groups { get; init; } = [];
    [Id(5)] public OpenIdConnectSettings? OpenIdConnect { get; init; }
    [Id(6)] public LdapSettings? Ldap { get; init; }
    [Id(7)] public SamlSettings? Saml { get; init; }
    [Id(8)] public DateTimeOffset UpdatedAt { get; init; }
    [Id(9)] public string UpdatedBy { get; init; } = "";

    /// <summary>Whether there is a client's secret or a search account's password; it is never shown.</summary>
    [Id(10)] public bool HasSecret { get; init; }

    public SignInKind Kind => OpenIdConnect is not null ? SignInKind.OpenIdConnect : Ldap is not null ? SignInKind.Ldap : SignInKind.Saml;

    public string Title => DisplayName.Length > 0 ? DisplayName : Name;
}

/// <summary>A provider as it is to be. Without a secret the one that is there stays, as long as it goes to the same place.</summary>
public sealed record SetSignInProvider
{
    public string DisplayName { get; init; } = "";
    public bool Enabled { get; init; } = true;
    public bool MakesAccounts { get; init; } = true;
    public IReadOnlyList<GroupRule> Groups { get; init; } = [];
    public OpenIdConnectSettings? OpenIdConnect { get; init; }
    public LdapSettings? Ldap { get; init; }
    public SamlSettings? Saml { get; init; }

    /// <summary>The client's secret, or the search account's password.</summary>
    public SecretText? Secret { get; init; }
}
