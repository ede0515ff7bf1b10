using System.Formats.Tar;
using System.Globalization;
using Docker.DotNet.Models;
using PRTS.Execution.Images;
using PRTS.Execution.Users;
using PRTS.Pipelines.Planning;

namespace PRTS.Execution.Containers;

/// <summary>An image that is on this machine.</summary>
/// <param name="Id">Its digest here: what a container is made of, whatever its tag comes to mean meanwhile.</param>
/// <param name="Environment"><c>NAME=value</c>.</param>
/// <param name="User">As the image says; empty is root.</param>
internal sealed record LocalImage(string Id, IReadOnlyList<string> Environment, string User);

/// <summary>Gets images as a job's pull policy says.</summary>
internal sealed class Images(ContainerEngine engine, RegistryCredentials credentials)
{
    private const int LongestUsers = 4 << 20;

    public async Task<LocalImage> Get(PlannedContainer container, CancellationToken ct)
    {
        if (container.Pull != PullPolicy.Always && await Find(container.Image, ct) is { } present)
            return present;
        if (container.Pull == PullPolicy.Never)
            throw new EngineException($"the image {container.Image} is not on this agent, and its pull policy is never: pull or build it there, or change `pull`");
        await Pull(container.Image, ct);
        return await Find(container.Image, ct) ?? throw new EngineException($"the image {container.Image} was pulled, but is not there");
    }

    /// <summary>Null when it is not here.</summary>
    public async Task<LocalImage?> Find(string name, CancellationToken ct)
    {
        // It becomes part of a path that the engine is asked for.
        if (name.Length == 0 || name.Contains("..", StringComparison.Ordinal) || name.Contains("//", StringComparison.Ordinal) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '/' or '@' or '+' or '-'))
            throw new EngineException($"'{name}' is no name of an image");
        try
        {
            var image = await engine.Ask($"the image {name} could not be looked up", client => client.Images.InspectImageAsync(name, ct));
            return new(image.ID, [.. image.Config?.Env ?? []], image.Config?.User ?? "");
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    private async Task Pull(string name, CancellationToken ct)
    {
        string? error = null;
        var login = await credentials.For(name, ct);
        var progress = new Listener<JSONMessage>(message => error ??= message.Error?.Message);
        await engine.Ask($"the image {name} could not be pulled", client =>
            client.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = WithTag(name) }, login, progress, ct));
        if (error is not null)
            throw new EngineException($"the image {name} could not be pulled: {error}");
    }

    /// <summary>Without a tag the engine would pull all of them.</summary>
    private static string WithTag(string name) =>
        name.Contains('@', StringComparison.Ordinal) || name.LastIndexOf(':') > name.LastIndexOf('/') ? name : name + ":latest";

    /// <summary>Looks a user up in the container's own /etc/passwd and /etc/group.</summary>
    public async Task<JobUser> ResolveUser(string container, string user, CancellationToken ct)
    {
        var (name, group) = user.Split(':', 2) is [var first, var second] ? (first, second) : (user, null);
        if (name.Length == 0)
            name = "root";
        var entry = name is "0" or "root" ? ["root", "x", "0", "0"] : await Entry(container, "/etc/passwd", name, ct);
        var uid = Number(name) ?? Number(entry?.ElementAtOrDefault(2)) ?? throw new EngineException($"the image has no user '{name}' (not in its /etc/passwd)");
        var gid = group is null ? Number(entry?.ElementAtOrDefault(3)) ?? 0
            : Number(group) ?? Number((await Entry(container, "/etc/group", group, ct))?.ElementAtOrDefault(2)) ?? throw new EngineException($"the image has no group '{group}' (not in its /etc/group)");
        return new(uid, gid, entry?[0] ?? name);
    }

    /// <summary>The line of that name or number, in fields; null when there is none.</summary>
    private async Task<string[]?> Entry(string container, string file, string key, CancellationToken ct)
    {
        try
        {
            var archive = await engine.Ask($"{file} of the image could not be read", client =>
                client.Containers.GetArchiveFromContainerAsync(container, new ContainerPathStatParameters { Path = file }, false, ct));
            await using var stream = archive.Stream!;
            using var tar = new TarReader(stream);
            if (await tar.GetNextEntryAsync(copyData: false, ct) is not { DataStream: { } data } entry)
                return null;
            if (entry.Length > LongestUsers)
                throw new EngineException($"{file} of the image is larger than {LongestUsers >> 20} MiB");
            using var text = new StreamReader(data);
            return (await text.ReadToEndAsync(ct)).Split('\n').Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 2 && (fields[0] == key || fields[2] == key));
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null;
        }
    }

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
