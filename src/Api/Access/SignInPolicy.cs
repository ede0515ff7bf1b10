namespace PRTS.Api.Access;

/// <summary>Who signs in with a name and a password that PRTS itself keeps.</summary>
public enum PasswordSignIn
{
    /// <summary>Every account that has one.</summary>
    Everybody = 0,

    /// <summary>Only the accounts for emergencies; all others use a provider.</summary>
    BreakGlass = 1,
}

/// <summary>How people of a tenant sign in.</summary>
public sealed record SignInPolicy
{
    public PasswordSignIn Passwords { get; init; }

    /// <summary>
    /// Accounts for the day on which no provider answers: they have a password here and are administrators of the tenant. Each of their
    /// sign-ins stands in the audit log as <c>break-glass</c>. At least one where passwords are for them alone.
    /// </summary>
    public IReadOnlyList<string> BreakGlass { get; init; } = [];
}

/// <summary>Whether a provider answers, as far as can be told without a person.</summary>
/// <param name="Text">What was found, or what is wrong and what would be right.</param>
public sealed record SignInTest(bool Works, string Text);
