using System.Text.Json;
using Docker.DotNet.Models;
using PRTS.Execution.Containers;
using PRTS.Execution.Jobs;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Images;

/// <summary>
/// The process of a step that builds an image: asks the engine over the Docker API and writes what it says. A process, so that the
/// supervisor owns it as any other, with output, time-out, cancellation and the agent's restarts. It has the agent's rights, which the
/// engine's socket takes, and runs nothing of the pipeline's author: the engine does, in containers.
/// </summary>
public static class ImageBuild
{
    /// <summary>The agent's and the CLI's hidden command.</summary>
    public const string Verb = "image-build";

    /// <param name="order">Path of the order's file.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(string order)
    {
        try
        {
            await Run(ImageBuildOrder.Read(order), CancellationToken.None);
            return 0;
        }
        catch (Exception e) when (e is EngineException or InvalidDataException or IOException)
        {
            await Console.Error.WriteLineAsync(e.Message.TrimEnd());
            return 1;
        }
    }

    private static async Task Run(ImageBuildOrder order, CancellationToken ct)
    {
        using var engine = new ContainerEngine(order.Engine);
        var credentials = new RegistryCredentials(order.Credentials);
        var image = order.Image;
        var context = new ImageContext(WorkspaceOf(order), image.Context, image.Dockerfile);
        foreach (var earlier in image.CacheFrom)
            await PullForCache(engine, credentials, earlier, ct);
        Console.WriteLine($"Building {string.Join(", ", image.Tags)} of {context.Files} files, {context.Size} bytes");
        var parameters = new ImageBuildParameters
        {
            Dockerfile = context.Dockerfile,
            Tags = [.. image.Tags],
            Target = image.Target,
            BuildArgs = image.Args.ToDictionary(arg => arg.Key, arg => arg.Value),
            // The engine takes one JSON array; the client writes each item as it is.
            CacheFrom = image.CacheFrom.Count > 0 ? [JsonSerializer.Serialize([.. image.CacheFrom.Concat(image.Tags)], ImageBuildJson.Default.StringArray)] : null,
            Pull = image.Pull ? "true" : null,
            Remove = true,
            ForceRemove = true,
        };
        await Follow("the image could not be built", progress => engine.Ask("the image could not be built", client =>
            client.Images.BuildImageFromDockerfileAsync(parameters, context.Open(ct), credentials.All(), null, progress, ct)));
        var built = await engine.Ask("the image could not be looked at", client => client.Images.InspectImageAsync(image.Tags[0], ct));
        await Out(order, "image", built.ID ?? "");
        if (!image.Push)
            return;
        foreach (var tag in image.Tags)
            await Push(engine, credentials, tag, ct);
        var pushed = await engine.Ask("the image could not be looked at", client => client.Images.InspectImageAsync(image.Tags[0], ct));
        var name = NameOf(image.Tags[0]).Name;
        await Out(order, "digest", pushed.RepoDigests?.FirstOrDefault(digest => digest.StartsWith(name + "@", StringComparison.Ordinal)) ?? "");
    }

    private static async Task Push(ContainerEngine engine, RegistryCredentials credentials, string tag, CancellationToken ct)
    {
        var (name, version) = NameOf(tag);
        Console.WriteLine($"Pushing {tag}");
        await Follow($"{tag} could not be pushed", progress => engine.Ask($"{tag} could not be pushed", client =>
            client.Images.PushImageAsync(name, new ImagePushParameters { Tag = version }, credentials.For(tag), progress, ct)));
    }

    /// <summary>Without it the build only takes longer.</summary>
    private static async Task PullForCache(ContainerEngine engine, RegistryCredentials credentials, string name, CancellationToken ct)
    {
        try
        {
            var (from, tag) = NameOf(name);
            await Follow($"{name} could not be pulled", progress => engine.Ask($"{name} could not be pulled", client =>
                client.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = from, Tag = tag }, credentials.For(name), progress, ct)));
        }
        catch (EngineException e) when (!e.IsGone)
        {
            Console.WriteLine($"No layers of {name}: {e.Message}");
        }
    }

    /// <summary>Passes on what the engine says; its own error is ours.</summary>
    private static async Task Follow(string what, Func<IProgress<JSONMessage>, Task> act)
    {
        string? error = null;
        await act(new Listener(message =>
        {
            if (message.Error?.Message is { } wrong)
                error ??= wrong;
            else if (message.Stream is { } text)
                Console.Write(text);
            else if (message is { Status: { Length: > 0 } status, Progress: null })
                Console.WriteLine(message.ID is { Length: > 0 } layer ? $"{layer}: {status}" : status);
        }));
        if (error is not null)
            throw new EngineException($"{what}: {error}");
    }

    private static Task Out(ImageBuildOrder order, string name, string value) => File.AppendAllTextAsync(order.Outputs, $"{name}={value}\n");

    /// <summary>A name without a tag gets <c>latest</c>.</summary>
    private static (string Name, string Tag) NameOf(string tag) =>
        tag.LastIndexOf(':') is var colon && colon > tag.LastIndexOf('/') ? (tag[..colon], tag[(colon + 1)..]) : (tag, "latest");

    private static Workspace WorkspaceOf(ImageBuildOrder order)
    {
        var directory = JobDirectory.Open(order.JobDirectory) ?? throw new InvalidDataException($"{order.JobDirectory} is no job's directory.");
        var options = new ExecutionOptions { JobsDirectory = "", WorkDirectory = order.WorkDirectory, MirrorsDirectory = "", SupervisorPath = "", AgentName = "" };
        return new(options, directory.Job, directory.Ticket.User, TimeProvider.System);
    }

    /// <summary>At once and in order, which <see cref="Progress{T}"/> is not.</summary>
    private sealed class Listener(Action<JSONMessage> hear) : IProgress<JSONMessage>
    {
        public void Report(JSONMessage value) => hear(value);
    }
}
