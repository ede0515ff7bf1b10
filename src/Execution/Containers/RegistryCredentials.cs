using System.Text;
using System.Text.Json;
using Docker.DotNet.Models;
using PRTS.Execution.Native;
using PRTS.Execution.Users;

namespace PRTS.Execution.Containers;

/// <summary>
/// What <c>docker login</c> or <c>podman login</c> left on this machine: a <c>config.json</c> or <c>auth.json</c> with <c>auths</c>, or with the names of programs that
/// keep them (<c>credHelpers</c>, <c>credsStore</c>). Read at each pull, so that a new login counts at once. Steps never see them.
/// </summary>
/// <param name="searchPath">Where the programs are looked for; null: as the agent does.</param>
internal sealed class RegistryCredentials(string file, string? searchPath = null, TimeSpan? patience = null)
{
    private const string DockerHub = "https://index.docker.io/v1/";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The one that <c>REGISTRY_AUTH_FILE</c> names; else Docker's; where there is none, podman's.</summary>
    public static string UsualFile => UsualFileOf(Environment.GetEnvironmentVariable);

    internal static string UsualFileOf(Func<string, string?> variable)
    {
        if (variable("REGISTRY_AUTH_FILE") is { Length: > 0 } given)
            return given;
        var dockers = Path.Combine(variable("DOCKER_CONFIG") is { Length: > 0 } folder ? folder : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker"), "config.json");
        var podmans = Path.Combine(variable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? runtime : $"/run/containers/{Linux.Self.Uid}", "containers", "auth.json");
        return File.Exists(dockers) || !File.Exists(podmans) ? dockers : podmans;
    }

    private sealed record Known(Dictionary<string, AuthConfig?> Auths, Dictionary<string, string> Helpers, string? Store);

    /// <summary>What the image's registry wants; empty when nothing is known of it.</summary>
    /// <exception cref="EngineException">The file is there and cannot be understood, or its program does not answer.</exception>
    public async Task<AuthConfig> For(string image, CancellationToken ct)
    {
        var known = Read();
        var registry = RegistryOf(image);
        var found = known.Helpers.Keys.FirstOrDefault(key => HostOf(key) == HostOf(registry)) is { } helped ? await Ask(known.Helpers[helped], helped, ct)
            : known.Store is { } store ? await Ask(store, registry, ct)
            : null;
        // The most particular: podman's keys may go on with a path.
        found ??= known.Auths.Where(auth => auth.Value is not null && Covers(auth.Key, registry, image)).OrderByDescending(auth => auth.Key.Length).Select(auth => auth.Value).FirstOrDefault();
        return found is null ? new() : new() { ServerAddress = registry, Username = found.Username, Password = found.Password, IdentityToken = found.IdentityToken };
    }

    /// <summary>Of all registries that the file names: an engine that builds may need any.</summary>
    /// <exception cref="EngineException">The file is there and cannot be understood, or a program does not answer.</exception>
    public async Task<IReadOnlyList<AuthConfig>> All(CancellationToken ct)
    {
        var known = Read();
        var all = new List<AuthConfig>();
        foreach (var (registry, helper) in known.Helpers)
        {
            if (await Ask(helper, registry, ct) is { } kept)
                all.Add(kept);
        }
        foreach (var (registry, auth) in known.Auths.Where(auth => !known.Helpers.ContainsKey(auth.Key)))
        {
            if ((known.Store is { } store ? await Ask(store, registry, ct) : null) is { } kept)
                all.Add(kept);
            else if (auth is not null)
                all.Add(auth);
        }
        return all;
    }

    private Task<AuthConfig?> Ask(string helper, string server, CancellationToken ct) => new CredentialProgram(helper, searchPath ?? SearchPath.Own, patience ?? Patience).Get(server, ct);

    private Known Read()
    {
        var known = new Known(new(StringComparer.Ordinal), new(StringComparer.Ordinal), null);
        if (!File.Exists(file))
            return known;
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllText(file));
            if (config.RootElement.TryGetProperty("auths", out var auths))
            {
                foreach (var entry in auths.EnumerateObject())
                    known.Auths[entry.Name] = AuthOf(entry);
            }
            if (config.RootElement.TryGetProperty("credHelpers", out var helpers))
            {
                foreach (var entry in helpers.EnumerateObject())
                    known.Helpers[entry.Name] = entry.Value.GetString()!;
            }
            return config.RootElement.TryGetProperty("credsStore", out var store) && store.GetString() is { Length: > 0 } name ? known with { Store = name } : known;
        }
        catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new EngineException($"the registry credentials in {file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Null when only a program knows.</summary>
    private static AuthConfig? AuthOf(JsonProperty entry)
    {
        if (entry.Value.TryGetProperty("identitytoken", out var token) && token.GetString() is { Length: > 0 } identity)
            return new() { ServerAddress = entry.Name, IdentityToken = identity };
        return entry.Value.TryGetProperty("auth", out var auth) && Encoding.UTF8.GetString(Convert.FromBase64String(auth.GetString()!)).Split(':', 2) is [var user, var password]
            ? new() { ServerAddress = entry.Name, Username = user, Password = password }
            : null;
    }

    /// <summary>As Docker does: the first part names a registry when it has a dot or a port, or is localhost.</summary>
    internal static string RegistryOf(string image)
    {
        var first = image.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? image[..slash] : "";
        return first is "docker.io" or "index.docker.io" ? DockerHub
            : first == "localhost" || first.AsSpan().ContainsAny('.', ':') ? first : DockerHub;
    }

    private static bool Covers(string key, string registry, string image) =>
        HostOf(key) == HostOf(registry) && (key.Contains("://", StringComparison.Ordinal) || !key.Contains('/', StringComparison.Ordinal)
            || $"{image}/".StartsWith(key.TrimEnd('/') + "/", StringComparison.Ordinal) || image.StartsWith(key + ":", StringComparison.Ordinal) || key.EndsWith("/v1/", StringComparison.Ordinal));

    private static string HostOf(string registry)
    {
        var host = registry.Contains("://", StringComparison.Ordinal) ? registry[(registry.IndexOf("://", StringComparison.Ordinal) + 3)..] : registry;
        host = host.Split('/')[0];
        return host is "docker.io" or "registry-1.docker.io" ? "index.docker.io" : host;
    }
}
