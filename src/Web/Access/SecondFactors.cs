using System.Net;
using System.Security.Cryptography;
using System.Text;
using OtpNet;
using PRTS.Api.Access;
using PRTS.Storage.Users;

namespace PRTS.Web.Access;

/// <summary>
/// One-time passwords of local accounts (RFC 6238: SHA-1, 6 digits, 30 s, as authenticator apps make them) and recovery codes. A code counts
/// once; wrong ones count as wrong passwords do.
/// </summary>
public sealed class SecondFactors(SecondFactorsStore store, WrongSecrets wrong, TimeProvider time)
{
    private const int SecretBytes = 20;
    private const int RecoveryCodes = 10;
    private const int Step = 30;

    /// <summary>Of letters and digits that are not taken for one another.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>Whether the account's password alone is not enough.</summary>
    public Task<bool> IsAsked(Guid user, CancellationToken cancellationToken = default) => store.IsConfirmed(user, cancellationToken);

    public async Task<SecondFactorState> State(Guid user, CancellationToken cancellationToken = default) => new()
    {
        Enabled = await store.IsConfirmed(user, cancellationToken),
        RecoveryCodes = await store.RecoveryCodes(user, cancellationToken),
    };

    /// <summary>A new secret for the person's app. It counts when <see cref="Confirm"/> was shown a code of it.</summary>
    /// <returns>Null: there is a confirmed one; remove that first.</returns>
    public async Task<NewSecondFactor?> Begin(StoredUser user, CancellationToken cancellationToken = default)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        if (!await store.Begin(user, secret, cancellationToken)) return null;
        var text = Base32Encoding.ToString(secret).TrimEnd('=');
        return new() { Secret = text, Uri = $"otpauth://totp/PRTS:{Uri.EscapeDataString(user.Name)}?secret={text}&issuer=PRTS&algorithm=SHA1&digits=6&period=30" };
    }

    /// <returns>The recovery codes, this once; null when the code is wrong or there is nothing to confirm.</returns>
    public async Task<IReadOnlyList<string>?> Confirm(StoredUser user, string code, CancellationToken cancellationToken = default)
    {
        if (await store.Get(user, cancellationToken) is not { ConfirmedAt: null } factor || !await IsRight(user, factor, code, cancellationToken)) return null;
        return await NewCodes(user.Id, cancellationToken);
    }

    /// <summary>Other recovery codes in place of those that are left.</summary>
    /// <returns>Null when the code is wrong.</returns>
    public async Task<IReadOnlyList<string>?> Renew(StoredUser user, string code, IPAddress? address, CancellationToken cancellationToken = default) =>
        await Check(user, code, address, cancellationToken) ? await NewCodes(user.Id, cancellationToken) : null;

    /// <summary>A code of the app, or a recovery code, which is used up by it. False also while the account is locked.</summary>
    public async Task<bool> Check(StoredUser user, string code, IPAddress? address, CancellationToken cancellationToken = default)
    {
        if (user.LockedUntil > time.GetUtcNow() || await store.Get(user, cancellationToken) is not { ConfirmedAt: not null } factor) return false;
        var right = await IsRight(user, factor, code, cancellationToken) || await store.TakeRecoveryCode(user.Id, Hash(code), cancellationToken);
        if (right) await wrong.Right(user, cancellationToken);
        else await wrong.Count(user, address, cancellationToken);
        return right;
    }

    /// <returns>Whether there was one.</returns>
    public Task<bool> Remove(Guid user, CancellationToken cancellationToken = default) => store.Remove(user, cancellationToken);

    private async Task<bool> IsRight(StoredUser user, StoredSecondFactor factor, string code, CancellationToken cancellationToken)
    {
        var totp = new Totp(factor.Secret, step: Step);
        // The app's clock may be half a minute off.
        return totp.VerifyTotp(time.GetUtcNow().UtcDateTime, code.Replace(" ", "", StringComparison.Ordinal), out var step, new VerificationWindow(previous: 1, future: 1))
            && await store.Take(user.Id, step, cancellationToken);
    }

    private async Task<IReadOnlyList<string>> NewCodes(Guid user, CancellationToken cancellationToken)
    {
        var codes = Enumerable.Range(0, RecoveryCodes).Select(_ => $"{RandomNumberGenerator.GetString(Alphabet, 5)}-{RandomNumberGenerator.GetString(Alphabet, 5)}").ToList();
        await store.Confirm(user, [.. codes.Select(Hash)], cancellationToken);
        return codes;
    }

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant()));
}
