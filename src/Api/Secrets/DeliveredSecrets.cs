namespace PRTS.Api.Secrets;

/// <summary>A secret on its way to the job that may have it. Prints its name alone.</summary>
public sealed record DeliveredSecret(string Name, string Value)
{
    public override string ToString() => Name;
}

/// <summary>What one job is given of what it asks for.</summary>
public sealed record DeliveredSecrets
{
    public IReadOnlyList<DeliveredSecret> Secrets { get; init; } = [];

    /// <summary>Signed tokens, named by their variables.</summary>
    public IReadOnlyList<DeliveredSecret> Tokens { get; init; } = [];

    /// <summary>Why it does not get the others, a sentence each.</summary>
    public IReadOnlyList<string> Refused { get; init; } = [];

    /// <summary>Those refused are only out of reach just now.</summary>
    public bool MayBeRetried { get; init; }
}
