using System.Text.Json;
using PRTS.Api.Secrets;

namespace PRTS.Storage.Secrets.Vault;

/// <summary>Sends one request to Vault; a null token is a login's.</summary>
internal delegate Task<VaultLease> VaultLogin(
    HttpMethod method, string path, object? body, SecretText? token, Func<JsonElement, VaultLease> read, CancellationToken cancellationToken);

/// <summary>What Vault says of a token. Token: null where it does not repeat it. Lifetime: zero when it does not end.</summary>
internal readonly record struct VaultLease(string? Token, TimeSpan Lifetime, bool Renewable);

/// <summary>
/// The token of one login. It is renewed when two thirds of its time are over, also when nobody asks for it meanwhile; an AppRole logs in
/// again when that does not work any more.
/// </summary>
internal sealed class VaultSession : IDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(20);

    private readonly VaultConfig config;
    private readonly TimeProvider time;
    private readonly VaultLogin send;
    private readonly SemaphoreSlim turn = new(1);
    private readonly ITimer timer;
    private SecretText? token;
    private DateTimeOffset renewAt;
    private DateTimeOffset endsAt;
    private bool renewable;

    public VaultSession(VaultConfig config, TimeProvider time, VaultLogin send)
    {
        this.config = config;
        this.time = time;
        this.send = send;
        timer = time.CreateTimer(_ => _ = KeepAlive(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool CanLogInAgain => config.RoleId is not null;

    public Task<SecretText> Token(CancellationToken cancellationToken) => InTurn(
        async () =>
        {
            if (token is null) return await LogIn(cancellationToken);
            return time.GetUtcNow() < renewAt ? token : await Renew(token, cancellationToken);
        },
        cancellationToken);

    /// <summary>Another than this one, which was refused; whoever comes second gets what the first one got.</summary>
    public Task<SecretText> TokenInsteadOf(SecretText refused, CancellationToken cancellationToken) => InTurn(
        async () => token is not null && !ReferenceEquals(token, refused) ? token : await LogIn(cancellationToken), cancellationToken);

    /// <summary>Ends the renewals; requests that are under way finish with the token that there is.</summary>
    public void Dispose() => timer.Dispose();

    private async Task<SecretText> InTurn(Func<Task<SecretText>> act, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await act();
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<SecretText> LogIn(CancellationToken cancellationToken)
    {
        if (config.Token is { } given)
        {
            Keep(given, await send(HttpMethod.Get, "auth/token/lookup-self", null, given, LookedUp, cancellationToken));
            return given;
        }

        var body = new Dictionary<string, string>(StringComparer.Ordinal) { ["role_id"] = config.RoleId ?? "", ["secret_id"] = config.SecretId?.Reveal() ?? "" };
        var lease = await send(HttpMethod.Post, $"auth/{VaultClient.Path(config.AppRoleMount)}/login", body, null, Leased, cancellationToken);
        var fresh = SecretText.Of(lease.Token ?? throw new VaultException($"{config} answers a login without a token."));
        Keep(fresh, lease);
        return fresh;
    }

    private async Task<SecretText> Renew(SecretText current, CancellationToken cancellationToken)
    {
        try
        {
            // What cannot be renewed is used until it ends; only another login helps then.
            if (!renewable) return CanLogInAgain ? await LogIn(cancellationToken) : Later(current);
            Keep(current, await send(HttpMethod.Post, "auth/token/renew-self", new Dictionary<string, string>(StringComparer.Ordinal), current, Leased, cancellationToken));
            return current;
        }
        catch (VaultException) when (CanLogInAgain && renewable)
        {
            return await LogIn(cancellationToken);
        }
        catch (VaultException) when (time.GetUtcNow() < endsAt)
        {
            return Later(current);
        }
    }

    private SecretText Later(SecretText current)
    {
        renewAt = time.GetUtcNow() + RetryAfter;
        timer.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        return current;
    }

    private void Keep(SecretText fresh, VaultLease lease)
    {
        // The former one is not overwritten: a request may be under way with it.
        token = fresh;
        renewable = lease.Renewable;
        var now = time.GetUtcNow();
        (renewAt, endsAt) = lease.Lifetime > TimeSpan.Zero ? (now + (lease.Lifetime * 2 / 3), now + lease.Lifetime) : (DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);
        if (lease.Lifetime > TimeSpan.Zero) timer.Change(Shorter(lease.Lifetime * 2 / 3), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Nobody waits for this one; whoever needs the token next meets the same trouble and is told.</summary>
    private async Task KeepAlive()
    {
        try
        {
            await Token(CancellationToken.None);
        }
        catch (VaultException)
        {
            timer.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        }
        catch (Exception ended) when (ended is ObjectDisposedException or OperationCanceledException)
        {
            // The client was disposed while the timer fired.
        }
    }

    private static TimeSpan Shorter(TimeSpan due) => due < LongestTimer ? due : LongestTimer;

    private static VaultLease Leased(JsonElement answer)
    {
        var auth = answer.GetProperty("auth");
        return new(auth.GetProperty("client_token").GetString(), TimeSpan.FromSeconds(auth.GetProperty("lease_duration").GetInt64()), auth.GetProperty("renewable").GetBoolean());
    }

    private static VaultLease LookedUp(JsonElement answer)
    {
        var data = answer.GetProperty("data");
        return new(null, TimeSpan.FromSeconds(data.GetProperty("ttl").GetInt64()), data.TryGetProperty("renewable", out var renewable) && renewable.ValueKind == JsonValueKind.True);
    }
}
