using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using PRTS.Agents.Configuration;
using PRTS.Api;
using PRTS.Contracts.Cluster;

namespace PRTS.Agents.Connection;

/// <summary>Who this agent is: what it was given when it joined, and its private key. Kept in <c>identity.json</c>, mode 0600.</summary>
public sealed record AgentIdentity
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public required JoinAnswer Joined { get; init; }

    /// <summary>PKCS#8 in PEM.</summary>
    public required string PrivateKey { get; init; }
    public required int SiloPort { get; init; }

    /// <summary>Key of the agent's grain and value of its silo's metadata.</summary>
    public string Key => $"{Joined.Tenant}/{Joined.Name}";

    /// <summary>Loads the identity, or joins with the token and keeps what comes back.</summary>
    public static async Task<AgentIdentity> LoadOrJoin(AgentOptions options, HttpClient http, CancellationToken cancellationToken)
    {
        var path = Path.Combine(options.Home, "identity.json");
        if (File.Exists(path))
        {
            await using var file = File.OpenRead(path);
            var kept = await JsonSerializer.DeserializeAsync<AgentIdentity>(file, ApiJson.Options, cancellationToken)
                ?? throw new AgentSetupException($"{path} is empty: remove it and join again with a token from 'prts agent token'.");
            return kept.Joined.Name == options.Name || !options.NameIsChosen ? kept : throw new AgentSetupException(
                $"{options.Home} belongs to the agent '{kept.Joined.Name}', not '{options.Name}': give PRTS_AGENT_NAME or PRTS_AGENT_HOME accordingly.");
        }

        if (options.Token is null)
            throw new AgentSetupException("This agent has not joined yet: make a token with 'prts agent token' and start with PRTS_TOKEN set to it.");
        var identity = await Join(options, http, cancellationToken);
        var draft = path + ".new";
        var creation = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            creation.UnixCreateMode = OwnerOnly;
        await using (var file = new FileStream(draft, creation))
        {
            await JsonSerializer.SerializeAsync(file, identity, ApiJson.Options, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path);
        return identity;
    }

    public X509Certificate2 Certificate()
    {
        using var certificate = X509Certificate2.CreateFromPem(Joined.Certificate, PrivateKey);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    public X509Certificate2 Authority() => X509Certificate2.CreateFromPem(Joined.Authority);

    private static async Task<AgentIdentity> Join(AgentOptions options, HttpClient http, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = new CertificateRequest($"CN={options.Name}", key, HashAlgorithmName.SHA256);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/cluster/join")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", options.Token) },
            Content = JsonContent.Create(
                new JoinRequest { Name = options.Name, NameIsChosen = options.NameIsChosen, CertificateRequest = certificate.CreateSigningRequestPem() }, options: ApiJson.Options),
        };
        using var response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var problem = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new AgentSetupException($"The control plane at {options.Url} refused the join ({(int)response.StatusCode}): {Detail(problem)}");
        }

        return new AgentIdentity
        {
            Joined = await response.Content.ReadFromJsonAsync<JoinAnswer>(ApiJson.Options, cancellationToken)
                ?? throw new AgentSetupException($"The control plane at {options.Url} answered the join with nothing."),
            PrivateKey = key.ExportPkcs8PrivateKeyPem(),
            SiloPort = options.SiloPort != 0 ? options.SiloPort : FreePort(options),
        };
    }

    /// <summary>The detail of a problem+json body, or the body itself.</summary>
    private static string Detail(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? body : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    private static int FreePort(AgentOptions options)
    {
        using var probe = new Socket(options.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new System.Net.IPEndPoint(options.Address, 0));
        return ((System.Net.IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
