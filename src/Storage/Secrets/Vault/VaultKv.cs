using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using PRTS.Api.Secrets;

namespace PRTS.Storage.Secrets.Vault;

/// <summary>Reads key-value secrets, of either version of Vault's engine; which one a mount has is asked once.</summary>
public sealed class VaultKv(VaultClient client)
{
    private readonly ConcurrentDictionary<string, int> engines = new(StringComparer.Ordinal);

    /// <summary>Fields of one secret. Texts are as they are, other values as JSON.</summary>
    /// <param name="version">Null: the newest. Only engines of version 2 keep others.</param>
    /// <returns>By name; a field that is not there is left out.</returns>
    /// <exception cref="VaultException">Also when there is no such secret or version.</exception>
    public async Task<IReadOnlyDictionary<string, SecretText>> Read(
        string mount, string path, int? version, IReadOnlyCollection<string> fields, CancellationToken cancellationToken = default)
    {
        var (place, rest) = (VaultClient.Path(mount), VaultClient.Path(path));
        if (await Engine(place, cancellationToken) == 1)
        {
            return version is null
                ? await client.Get($"{place}/{rest}", answer => Fields(answer.GetProperty("data"), fields), cancellationToken)
                : throw new VaultException($"The engine at {place} keeps no versions: leave the version out.");
        }

        var query = version is { } number ? string.Create(CultureInfo.InvariantCulture, $"?version={number}") : "";
        return await client.Get($"{place}/data/{rest}{query}", answer => Fields(answer.GetProperty("data").GetProperty("data"), fields), cancellationToken);
    }

    private async Task<int> Engine(string mount, CancellationToken cancellationToken)
    {
        if (engines.TryGetValue(mount, out var known)) return known;
        var version = await client.Get($"sys/internal/ui/mounts/{mount}", VersionOf, cancellationToken);
        engines[mount] = version;
        return version;
    }

    private static int VersionOf(JsonElement answer)
    {
        var mount = answer.GetProperty("data");
        if (mount.GetProperty("type").GetString() is not ("kv" or "generic")) throw new VaultException("This mount is no key-value engine.");
        return mount.TryGetProperty("options", out var options) && options.ValueKind == JsonValueKind.Object
            && options.TryGetProperty("version", out var version) && version.GetString() == "2" ? 2 : 1;
    }

    private static Dictionary<string, SecretText> Fields(JsonElement data, IReadOnlyCollection<string> fields)
    {
        var found = new Dictionary<string, SecretText>(StringComparer.Ordinal);
        // A version that was deleted has no data.
        if (data.ValueKind != JsonValueKind.Object) return found;
        foreach (var field in fields)
        {
            if (data.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null)
                found[field] = SecretText.Of(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
        }

        return found;
    }
}
