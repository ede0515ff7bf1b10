using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PRTS.Tests;

/// <summary>
/// As much of HashiCorp Vault's HTTP API as PRTS uses, with real cryptography: transit, AppRole, tokens that end, and key-value engines of
/// both versions (<c>secret</c> has 2, <c>kv1</c> has 1). npm's node-vault is driven against it in a test, so that it speaks as Vault does.
/// </summary>
internal sealed class FakeVault : IAsyncDisposable
{
    public const string RootToken = "hvs.root";
    public const string RoleId = "role-1";
    public const string SecretId = "secret-1";

    private readonly ConcurrentDictionary<string, Lease> tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TransitKey> keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, List<JsonObject>> values = new(StringComparer.Ordinal);
    private readonly TimeProvider time;
    private readonly WebApplication app;
    private readonly Lock gate = new();

    private FakeVault(TimeProvider time, X509Certificate2? certificate)
    {
        this.time = time;
        tokens[RootToken] = new(DateTimeOffset.MaxValue, false);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
        {
            if (certificate is not null) endpoint.UseHttps(certificate);
        }));
        app = builder.Build();
        app.Run(Handle);
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>Method and path of each request, in order.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The last request's <c>X-Vault-Namespace</c>.</summary>
    public string? Namespace { get; private set; }

    /// <summary>Answers 503 to everything.</summary>
    public bool IsSealed { get; set; }

    /// <summary>Seconds that an AppRole's token lives.</summary>
    public int TokenSeconds { get; set; } = 3600;

    /// <param name="certificate">Serves https with it.</param>
    public static async Task<FakeVault> Start(TimeProvider? time = null, X509Certificate2? certificate = null)
    {
        var vault = new FakeVault(time ?? TimeProvider.System, certificate);
        await vault.app.StartAsync();
        var address = new Uri(vault.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        vault.Address = address;
        return vault;
    }

    /// <summary>A token with a life of its own.</summary>
    public string NewToken(TimeSpan lifetime, bool renewable = true)
    {
        var token = "hvs." + RandomNumberGenerator.GetHexString(24, lowercase: true);
        tokens[token] = new(time.GetUtcNow() + lifetime, renewable);
        return token;
    }

    public void RevokeAll() => tokens.Clear();

    public int CountOf(string request) => Requests.Count(made => made == request);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task Handle(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        path = path.StartsWith("/v1/", StringComparison.Ordinal) ? path["/v1/".Length..] : "";
        var method = http.Request.Method == "PUT" ? "POST" : http.Request.Method;
        Requests.Enqueue($"{method} {path}");
        Namespace = http.Request.Headers["X-Vault-Namespace"];
        using var text = new StreamReader(http.Request.Body);
        var body = await text.ReadToEndAsync() is { Length: > 0 } json ? JsonNode.Parse(json)!.AsObject() : [];
        try
        {
            if (IsSealed) throw new Refusal(503, "Vault is sealed");
            var answer = Answer(http, method, path, body);
            http.Response.StatusCode = answer is null ? 204 : 200;
            if (answer is not null) await http.Response.WriteAsJsonAsync(answer);
        }
        catch (Refusal refusal)
        {
            http.Response.StatusCode = refusal.Status;
            await http.Response.WriteAsJsonAsync(new { errors = refusal.Message.Length > 0 ? [refusal.Message] : Array.Empty<string>() });
        }
    }

    private JsonObject? Answer(HttpContext http, string method, string path, JsonObject body)
    {
        lock (gate)
        {
            if (path.StartsWith("auth/approle/login", StringComparison.Ordinal)) return LogIn(body);
            var token = http.Request.Headers["X-Vault-Token"].ToString();
            if (!tokens.TryGetValue(token, out var lease) || lease.EndsAt <= time.GetUtcNow()) throw new Refusal(403, "permission denied");
            return path.Split('/') switch
            {
                ["auth", "token", "lookup-self"] => Data(new() { ["id"] = token, ["ttl"] = Seconds(lease), ["renewable"] = lease.Renewable }),
                ["auth", "token", "renew-self"] => Renew(token, lease),
                ["sys", "internal", "ui", "mounts", "secret"] => Data(new() { ["type"] = "kv", ["options"] = new JsonObject { ["version"] = "2" } }),
                ["sys", "internal", "ui", "mounts", "kv1"] => Data(new() { ["type"] = "kv", ["options"] = null }),
                ["transit", var verb, .. var rest] => Transit(method, verb, rest, body),
                ["secret", "data", .. var rest] => KvTwo(method, string.Join('/', rest), body, http.Request.Query["version"]),
                ["kv1", .. var rest] => KvOne(method, string.Join('/', rest), body),
                _ => throw new Refusal(404, "no handler for route"),
            };
        }
    }

    private JsonObject LogIn(JsonObject body)
    {
        if ((string?)body["role_id"] != RoleId || (string?)body["secret_id"] != SecretId) throw new Refusal(400, "invalid role or secret ID");
        return Auth(NewToken(TimeSpan.FromSeconds(TokenSeconds)), TokenSeconds);
    }

    private JsonObject Renew(string token, Lease lease)
    {
        if (!lease.Renewable) throw new Refusal(400, "lease is not renewable");
        tokens[token] = lease with { EndsAt = time.GetUtcNow().AddSeconds(TokenSeconds) };
        return Auth(token, TokenSeconds);
    }

    private JsonObject? Transit(string method, string verb, string[] rest, JsonObject body)
    {
        var key = keys.GetValueOrDefault(rest[0]);
        switch (verb, method)
        {
            case ("keys", "POST") when rest.Length == 1:
                keys.TryAdd(rest[0], new());
                return Describe(rest[0]);
            case ("keys", "POST") when rest[1] == "rotate":
                Known(key).Versions.Add(RandomNumberGenerator.GetBytes(32));
                return Describe(rest[0]);
            case ("keys", "POST") when rest[1] == "config":
                Known(key).Oldest = (int?)body["min_decryption_version"] ?? 1;
                return Describe(rest[0]);
            case ("keys", _):
                _ = Known(key, 404);
                return Describe(rest[0]);
            case ("encrypt", "POST"):
                return Data(new() { ["ciphertext"] = Known(key).Encrypt(Bytes(body, "plaintext"), Associated(body)), ["key_version"] = key!.Versions.Count });
            case ("decrypt", "POST"):
                return Data(new() { ["plaintext"] = Convert.ToBase64String(Known(key).Decrypt((string?)body["ciphertext"] ?? "", Associated(body))) });
            case ("rewrap", "POST"):
                return Data(new() { ["ciphertext"] = Known(key).Encrypt(key!.Decrypt((string?)body["ciphertext"] ?? "", Associated(body)), Associated(body)), ["key_version"] = key.Versions.Count });
            default:
                throw new Refusal(404, "unsupported path");
        }
    }

    private JsonObject? KvTwo(string method, string path, JsonObject body, string? version)
    {
        var versions = values.GetOrAdd("secret/" + path, _ => []);
        if (method == "POST")
        {
            versions.Add(body["data"]!.DeepClone().AsObject());
            return Data(new() { ["version"] = versions.Count, ["destroyed"] = false, ["deletion_time"] = "" });
        }

        var number = int.TryParse(version, out var asked) && asked > 0 ? asked : versions.Count;
        if (number == 0 || number > versions.Count) throw new Refusal(404, "");
        return Data(new() { ["data"] = versions[number - 1].DeepClone(), ["metadata"] = new JsonObject { ["version"] = number, ["destroyed"] = false } });
    }

    private JsonObject? KvOne(string method, string path, JsonObject body)
    {
        if (method == "POST")
        {
            values["kv1/" + path] = [body];
            return null;
        }

        return values.TryGetValue("kv1/" + path, out var there) ? Data(there[0].DeepClone().AsObject()) : throw new Refusal(404, "");
    }

    private JsonObject Describe(string name)
    {
        var versions = new JsonObject();
        for (var at = keys[name].Oldest; at <= keys[name].Versions.Count; at++) versions[$"{at}"] = 1700000000 + at;
        return Data(new()
        {
            ["name"] = name,
            ["type"] = "aes256-gcm96",
            ["latest_version"] = keys[name].Versions.Count,
            ["min_decryption_version"] = keys[name].Oldest,
            ["keys"] = versions,
        });
    }

    private long Seconds(Lease lease) => lease.EndsAt == DateTimeOffset.MaxValue ? 0 : (long)(lease.EndsAt - time.GetUtcNow()).TotalSeconds;

    private static JsonObject Data(JsonObject data) =>
        new() { ["request_id"] = Guid.NewGuid().ToString(), ["lease_id"] = "", ["renewable"] = false, ["lease_duration"] = 0, ["data"] = data, ["auth"] = null };

    private static JsonObject Auth(string token, int seconds) => new()
    {
        ["request_id"] = Guid.NewGuid().ToString(),
        ["data"] = null,
        ["auth"] = new JsonObject { ["client_token"] = token, ["accessor"] = "a", ["policies"] = new JsonArray("default"), ["lease_duration"] = seconds, ["renewable"] = true },
    };

    private static TransitKey Known(TransitKey? key, int status = 400) => key ?? throw new Refusal(status, status == 404 ? "" : "encryption key not found");

    private static byte[] Bytes(JsonObject body, string name) => Convert.FromBase64String((string?)body[name] ?? throw new Refusal(400, $"missing {name}"));

    private static byte[] Associated(JsonObject body) => Convert.FromBase64String((string?)body["associated_data"] ?? "");

    private sealed record Lease(DateTimeOffset EndsAt, bool Renewable);

    private sealed class TransitKey
    {
        public List<byte[]> Versions { get; } = [RandomNumberGenerator.GetBytes(32)];
        public int Oldest { get; set; } = 1;

        public string Encrypt(byte[] plain, byte[] associated)
        {
            var box = new byte[12 + plain.Length + 16];
            RandomNumberGenerator.Fill(box.AsSpan(0, 12));
            using var aes = new AesGcm(Versions[^1], 16);
            aes.Encrypt(box.AsSpan(0, 12), plain, box.AsSpan(12, plain.Length), box.AsSpan(12 + plain.Length), associated);
            return $"vault:v{Versions.Count}:{Convert.ToBase64String(box)}";
        }

        public byte[] Decrypt(string ciphertext, byte[] associated)
        {
            if (ciphertext.Split(':') is not ["vault", ['v', .. var number], var text] || !int.TryParse(number, out var version) || version < 1 || version > Versions.Count) throw new Refusal(400, "invalid ciphertext: no prefix");
            if (version < Oldest) throw new Refusal(400, "ciphertext or signature version is disallowed by policy (too old)");
            var box = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, box, out var length) || length < 28) throw new Refusal(400, "invalid ciphertext: could not decode base64");
            box = box[..length];
            var plain = new byte[box.Length - 28];
            using var aes = new AesGcm(Versions[version - 1], 16);
            try
            {
                aes.Decrypt(box.AsSpan(0, 12), box.AsSpan(12, plain.Length), box.AsSpan(12 + plain.Length), plain, associated);
            }
            catch (AuthenticationTagMismatchException)
            {
                throw new Refusal(400, "invalid ciphertext: unable to decrypt");
            }

            return plain;
        }
    }

    private sealed class Refusal(int status, string message) : Exception(message)
    {
        public int Status => status;
    }
}
