namespace PRTS.Api.Secrets;

/// <summary>What a secret may be used for. Empty lists limit nothing.</summary>
[GenerateSerializer, Alias("prts.secret-limits"), Immutable]
public sealed record SecretLimits
{
    /// <summary>Globs of branches whose builds get it. With these or <see cref="Tags"/> set, all other builds do not.</summary>
    [Id(0)] public IReadOnlyList<string> Branches { get; init; } = [];

    /// <summary>Globs of tags whose builds get it. A branch's glob never lets a tag in, because whoever may push may often push tags.</summary>
    [Id(1)] public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Names of environments whose deployments get it.</summary>
    [Id(2)] public IReadOnlyList<string> Environments { get; init; } = [];

    /// <summary>Builds of pull requests from outside get it, too: what strangers wrote runs with it.</summary>
    [Id(3)] public bool AllowOutside { get; init; }
}

/// <summary>Where a secret is read when a job needs it, instead of being stored here.</summary>
[GenerateSerializer, Alias("prts.vault-reference"), Immutable]
public sealed record VaultReference
{
    /// <summary>Name of a <see cref="VaultConnection"/> of the secret's own project, organization or tenant.</summary>
    [Id(0)] public required string Connection { get; init; }

    /// <summary>Of a key-value engine.</summary>
    [Id(1)] public string Mount { get; init; } = "secret";

    /// <summary>Within the mount, without <c>data/</c>.</summary>
    [Id(2)] public required string Path { get; init; }
    [Id(3)] public required string Field { get; init; }

    /// <summary>Null: the newest.</summary>
    [Id(4)] public int? Version { get; init; }
}

/// <summary>A secret as lists show it; its value is nowhere to be seen. Without a project it is the organization's, without both the tenant's.</summary>
[GenerateSerializer, Alias("prts.secret-summary"), Immutable]
public sealed record SecretSummary
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public string? Org { get; init; }
    [Id(2)] public string? Project { get; init; }
    [Id(3)] public string? Environment { get; init; }
    [Id(4)] public string Description { get; init; } = "";
    [Id(5)] public SecretLimits Limits { get; init; } = new();

    /// <summary>Null: the value is stored here, sealed.</summary>
    [Id(6)] public VaultReference? Vault { get; init; }

    /// <summary>Of the value; 1 is the first.</summary>
    [Id(7)] public long Version { get; init; }
    [Id(8)] public DateTimeOffset CreatedAt { get; init; }
    [Id(9)] public string CreatedBy { get; init; } = "";
    [Id(10)] public DateTimeOffset UpdatedAt { get; init; }
    [Id(11)] public string UpdatedBy { get; init; } = "";

    /// <summary>When a job was last given it, to the minute.</summary>
    [Id(12)] public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>A secret as it is to be. Neither value nor reference: what there is stays, and the rest changes.</summary>
public sealed record SetSecret
{
    /// <summary>Bytes, counted as <see cref="IsTooShort"/> does: shorter ones cannot be masked in logs (docs/adr/0013-masking.md).</summary>
    public const int ShortestValue = 4;
    public const int LongestValue = 64 * 1024;
    public const int LongestDescription = 1000;

    /// <summary>From <see cref="ShortestValue"/> to <see cref="LongestValue"/> bytes of UTF-8.</summary>
    public SecretText? Value { get; init; }
    public VaultReference? Vault { get; init; }
    public string Description { get; init; } = "";
    public SecretLimits Limits { get; init; } = new();

    /// <summary>Whether a value, or what a shell prints of it, is too short to be masked: line ends, and blanks around it, do not count.</summary>
    public static bool IsTooShort(ReadOnlySpan<byte> utf8)
    {
        var text = utf8.Trim(" \t\v\f\r\n"u8);
        return text.Length - text.Count((byte)'\r') - text.Count((byte)'\n') < ShortestValue;
    }

    /// <summary>Why a job does not run with such a secret.</summary>
    public static string TooShort(string name) =>
        $"The secret '{name}' has less than {ShortestValue} bytes (blanks around it and line ends not counted), which cannot be masked in logs: give it a longer value. What is no secret is a variable.";
}

/// <summary>A connection as it is to be. Its credential is always given anew: one that was meant for another address must not go to this one.</summary>
public sealed record SetVaultConnection
{
    /// <summary>An https address; http only to this machine.</summary>
    public required string Address { get; init; }
    public string? Namespace { get; init; }

    /// <summary>PEM; null: the authorities that the server's machine trusts.</summary>
    public string? CaCertificates { get; init; }

    /// <summary>It logs in as this AppRole, with the credential as secret id; null: the credential is a token.</summary>
    public string? RoleId { get; init; }
    public string AppRoleMount { get; init; } = "approle";

    /// <summary>A token, or the AppRole's secret id; at most 4096 bytes.</summary>
    public required SecretText Credential { get; init; }

    public VaultConnection Named(string name) => new() { Name = name, Address = Address, Namespace = Namespace, CaCertificates = CaCertificates, RoleId = RoleId, AppRoleMount = AppRoleMount };
}

/// <summary>A Vault that secrets may be read from, without its credential. Without a project it is the organization's, without both the tenant's.</summary>
[GenerateSerializer, Alias("prts.vault-connection"), Immutable]
public sealed record VaultConnection
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>An https address; http only to this machine.</summary>
    [Id(1)] public required string Address { get; init; }
    [Id(2)] public string? Namespace { get; init; }

    /// <summary>PEM; null: the authorities that the server's machine trusts.</summary>
    [Id(3)] public string? CaCertificates { get; init; }

    /// <summary>It logs in as this AppRole, with the credential as secret id; null: the credential is a token.</summary>
    [Id(4)] public string? RoleId { get; init; }
    [Id(5)] public string AppRoleMount { get; init; } = "approle";
    [Id(6)] public DateTimeOffset UpdatedAt { get; init; }
    [Id(7)] public string UpdatedBy { get; init; } = "";
    [Id(8)] public string? Org { get; init; }
    [Id(9)] public string? Project { get; init; }
}
