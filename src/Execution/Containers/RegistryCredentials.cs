using System.Text;
using System.Text.Json;
using Docker.DotNet.Models;
using PRTS.Execution.Native;

namespace PRTS.Execution.Containers;

/// <summary>
/// What <c>docker login</c> or <c>podman login</c> left on this machine: the <c>auths</c> of a <c>config.json</c> or <c>auth.json</c>. Read at each pull, so that a new login
/// counts at once. Steps never see them.
/// </summary>
internal sealed class RegistryCredentials(string file)
{
    private const string DockerHub = "https://index.docker.io/v1/";

    /// <summary>Docker's file; where there is none, podman's.</summary>
    public static string UsualFile => new[] { DockersFile, PodmansFile }.FirstOrDefault(File.Exists) ?? DockersFile;

    private static string DockersFile => Path.Combine(
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker"), "config.json");

    private static string PodmansFile => Environment.GetEnvironmentVariable("REGISTRY_AUTH_FILE")
        ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? runtime : $"/run/containers/{Linux.Self.Uid}", "containers", "auth.json");

    /// <exception cref="EngineException">The file is there and cannot be understood.</exception>
    public AuthConfig For(string image)
    {
        var registry = RegistryOf(image);
        return All().FirstOrDefault(known => HostOf(known.ServerAddress!) == HostOf(registry)) is { } found
            ? new() { ServerAddress = registry, Username = found.Username, Password = found.Password }
            : new();
    }

    /// <exception cref="EngineException">The file is there and cannot be understood.</exception>
    public IReadOnlyList<AuthConfig> All()
    {
        if (!File.Exists(file))
            return [];
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllText(file));
            var found = new List<AuthConfig>();
            if (!config.RootElement.TryGetProperty("auths", out var auths))
                return found;
            foreach (var entry in auths.EnumerateObject())
            {
                if (entry.Value.TryGetProperty("auth", out var auth) && Encoding.UTF8.GetString(Convert.FromBase64String(auth.GetString()!)).Split(':', 2) is [var user, var password])
                    found.Add(new() { ServerAddress = entry.Name, Username = user, Password = password });
            }
            return found;
        }
        catch (Exception e) when (e is JsonException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"the registry credentials in {file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>As Docker does: the first part names a registry when it has a dot or a port, or is localhost.</summary>
    internal static string RegistryOf(string image)
    {
        var first = image.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? image[..slash] : "";
        return first is "docker.io" or "index.docker.io" ? DockerHub
            : first == "localhost" || first.AsSpan().ContainsAny('.', ':') ? first : DockerHub;
    }

    private static string HostOf(string registry)
    {
        var host = registry.Contains("://", StringComparison.Ordinal) ? registry[(registry.IndexOf("://", StringComparison.Ordinal) + 3)..] : registry;
        return host.Split('/')[0];
    }
}
