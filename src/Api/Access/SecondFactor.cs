namespace PRTS.Api.Access;

/// <summary>Whether an account asks for a code besides its password, and how many recovery codes are left.</summary>
public sealed record SecondFactorState
{
    public required bool Enabled { get; init; }
    public int RecoveryCodes { get; init; }
}

/// <summary>For an authenticator app, this once.</summary>
public sealed record NewSecondFactor
{
    /// <summary>Base32, to type in.</summary>
    public required string Secret { get; init; }

    /// <summary><c>otpauth://totp/…</c>, what the QR code says.</summary>
    public required string Uri { get; init; }
}

/// <summary>Six digits of the app, or a recovery code.</summary>
public sealed record SecondFactorCode
{
    public required string Code { get; init; }
}

/// <summary>Each lets its owner in once without the app.</summary>
public sealed record RecoveryCodes
{
    public required IReadOnlyList<string> Codes { get; init; }
}
