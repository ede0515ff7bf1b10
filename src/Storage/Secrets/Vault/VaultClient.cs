using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using PRTS.Api.Secrets;

namespace PRTS.Storage.Secrets.Vault;

/// <summary>
/// As much of Vault's HTTP API as PRTS needs. Requests carry a token that <see cref="VaultSession"/> keeps alive; one that is refused although
/// it should hold is exchanged for a new one once, where the login allows that.
/// </summary>
public sealed class VaultClient : IDisposable
{
    /// <summary>More than any secret that PRTS takes, with JSON around it.</summary>
    private const int LargestAnswer = 1 << 20;
    private const int LongestReason = 300;

    private readonly VaultConfig config;
    private readonly HttpClient http;
    private readonly VaultSession session;

    public VaultClient(VaultConfig config, VaultHandlers handlers, TimeProvider time)
    {
        this.config = config;
        http = new HttpClient(handlers(config), disposeHandler: true) { Timeout = TimeSpan.FromSeconds(10) };
        session = new VaultSession(config, time, (method, path, body, token, read, cancellationToken) => Send(method, path, body, token, read, cancellationToken));
    }

    public override string ToString() => config.ToString();

    /// <summary>Reads a path. What <paramref name="read"/> keeps of the answer it copies: the answer is overwritten.</summary>
    /// <exception cref="VaultException"/>
    public Task<T> Get<T>(string path, Func<JsonElement, T> read, CancellationToken cancellationToken = default) =>
        Authenticated(HttpMethod.Get, path, null, read, cancellationToken);

    /// <inheritdoc cref="Get"/>
    public Task<T> Post<T>(string path, object? body, Func<JsonElement, T> read, CancellationToken cancellationToken = default) =>
        Authenticated(HttpMethod.Post, path, body, read, cancellationToken);

    /// <summary>A mount or path as it may stand in an address, each part escaped.</summary>
    /// <exception cref="VaultException">It has empty parts, or would lead elsewhere.</exception>
    public static string Path(string path)
    {
        var parts = path.Trim('/').Split('/');
        return Array.Exists(parts, part => part.Length == 0 || part is "." or ".." || part.Any(char.IsControl))
            ? throw new VaultException($"'{path}' is no path in Vault.")
            : string.Join('/', parts.Select(Uri.EscapeDataString));
    }

    /// <summary>Lets requests that are under way finish, but keeps the token alive no more.</summary>
    public void Retire() => session.Dispose();

    public void Dispose()
    {
        session.Dispose();
        http.Dispose();
    }

    private async Task<T> Authenticated<T>(HttpMethod method, string path, object? body, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        var token = await session.Token(cancellationToken);
        try
        {
            return await Send(method, path, body, token, read, cancellationToken);
        }
        catch (VaultException refused) when (refused.Status == (int)HttpStatusCode.Forbidden && session.CanLogInAgain)
        {
            // Revoked before its time, perhaps; were it a matter of policies, the new one is refused as well.
            return await Send(method, path, body, await session.TokenInsteadOf(token, cancellationToken), read, cancellationToken);
        }
    }

    private async Task<T> Send<T>(HttpMethod method, string path, object? body, SecretText? token, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(config.Address, $"/{config.Address.AbsolutePath.Trim('/')}/v1/{path}".Replace("//", "/", StringComparison.Ordinal)));
        request.Headers.Add("X-Vault-Request", "true");
        if (config.Namespace is { } space) request.Headers.Add("X-Vault-Namespace", space);
        if (token is not null) request.Headers.Add("X-Vault-Token", token.Reveal());
        if (body is not null) request.Content = JsonContent.Create(body);
        byte[] answer = [];
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            answer = await Body(response, cancellationToken);
            if (!response.IsSuccessStatusCode) throw new VaultException(Refusal(path, response.StatusCode, answer), (int)response.StatusCode);
            using var json = JsonDocument.Parse(answer.Length == 0 ? "{}"u8.ToArray() : answer);
            return read(json.RootElement);
        }
        catch (Exception strange) when (strange is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Their messages may quote the answer.
            throw new VaultException($"{config} answers {path} with something else than Vault would.");
        }
        catch (HttpRequestException failure)
        {
            throw new VaultException($"{config} cannot be reached: {failure.Message}", cause: failure);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new VaultException($"{config} did not answer within {http.Timeout.TotalSeconds:0} s.", cause: slow);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(answer);
        }
    }

    private async Task<byte[]> Body(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Clamp(response.Content.Headers.ContentLength ?? LargestAnswer, 0, LargestAnswer) + 1];
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return length < buffer.Length ? buffer.AsSpan(0, length).ToArray() : throw new VaultException($"{config} answers with more than {LargestAnswer >> 10} KiB.");
        }
        catch (IOException cut) when (cut is not VaultException)
        {
            throw new VaultException($"{config} broke off its answer.", cause: cut);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private string Refusal(string path, HttpStatusCode status, byte[] answer)
    {
        var reasons = Reasons(answer);
        var said = reasons.Length > 0 ? $": {reasons}" : "";
        return status switch
        {
            HttpStatusCode.ServiceUnavailable => $"{config} is sealed or in maintenance{said}",
            HttpStatusCode.NotFound => $"{config} has nothing at {path}{said}",
            HttpStatusCode.Forbidden => $"{config} refuses {path} to this login{said}",
            _ => $"{config} answers {path} with {(int)status}{said}",
        };
    }

    private static string Reasons(byte[] answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("errors", out var errors) || errors.ValueKind != JsonValueKind.Array) return "";
            var text = string.Join("; ", errors.EnumerateArray().Where(error => error.ValueKind == JsonValueKind.String).Select(error => error.GetString()))
                .ReplaceLineEndings(" ").Replace('\t', ' ').Trim();
            return text.Length > LongestReason ? text[..LongestReason] : text;
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
