using System.Runtime.InteropServices;
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

    /// <summary>As a shell says it of a process that SIGTERM ended.</summary>
    private const int Terminated = 128 + 15;

    /// <param name="order">Path of the order's file.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(string order)
    {
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        try
        {
            await Recorded(ImageBuildOrder.Read(order), stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Terminated;
        }
        catch (Exception e) when (e is EngineException or InvalidDataException or IOException)
        {
            await Console.Error.WriteLineAsync(e.Message.TrimEnd());
            return 1;
        }
    }

    /// <summary>However it ends, this process was told of it, so nothing is left that it did not mean to leave. One that is killed leaves its record.</summary>
    private static async Task Recorded(ImageBuildOrder order, CancellationToken ct)
    {
        var record = new BuildRecord(order.Record);
        try
        {
            await Run(order, record, ct);
        }
        finally
        {
            record.Complete();
        }
    }

    private static async Task Run(ImageBuildOrder order, BuildRecord record, CancellationToken ct)
    {
        using var engine = new ContainerEngine(order.Engine);
        var credentials = new RegistryCredentials(order.Credentials);
        var image = order.Image;
        var context = new ImageContext(WorkspaceOf(order), image.Context, image.Dockerfile);
        foreach (var earlier in image.CacheFrom)
            await PullForCache(engine, credentials, earlier, ct);
        Console.WriteLine($"Building {string.Join(", ", image.Tags)} of {context.Files} files, {context.Size} bytes");
        await Build(engine, order, record, context, credentials, ct);
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

    /// <summary>The engine ends a build whose client leaves it.</summary>
    private static async Task Build(
        ContainerEngine engine, ImageBuildOrder order, BuildRecord record, ImageContext context, RegistryCredentials credentials, CancellationToken ct)
    {
        var now = TimeProvider.System.GetUtcNow();
        var limits = JobOf(order).Job.Job.Container?.Limits;
        var fence = new BuildFence(engine, order.Network, order.Labels.ToDictionary(), limits);
        var request = new BuildRequest(order.Image, context.Dockerfile, order.Network, limits);
        using var over = new CancellationTokenSource();
        var logins = await credentials.All(ct);
        record.Begin(now, order.Image.Tags);
        try
        {
            await fence.Raise(ct);
            var limiting = fence.LimitProcesses(now, over.Token);
            await Follow("the image could not be built", progress => engine.Ask("the image could not be built", _ =>
                request.Send(engine, context.Open(ct), logins, progress, ct)), record.Hear);
            await over.CancelAsync();
            await limiting;
        }
        finally
        {
            await over.CancelAsync();
            await fence.Lower();
        }
    }

    private static async Task Push(ContainerEngine engine, RegistryCredentials credentials, string tag, CancellationToken ct)
    {
        var (name, version) = NameOf(tag);
        Console.WriteLine($"Pushing {tag}");
        var login = await credentials.For(tag, ct);
        await Follow($"{tag} could not be pushed", progress => engine.Ask($"{tag} could not be pushed", client =>
            client.Images.PushImageAsync(name, new ImagePushParameters { Tag = version }, login, progress, ct)));
    }

    /// <summary>Without it the build only takes longer.</summary>
    private static async Task PullForCache(ContainerEngine engine, RegistryCredentials credentials, string name, CancellationToken ct)
    {
        try
        {
            var (from, tag) = NameOf(name);
            var login = await credentials.For(name, ct);
            await Follow($"{name} could not be pulled", progress => engine.Ask($"{name} could not be pulled", client =>
                client.Images.CreateImageAsync(new ImagesCreateParameters { FromImage = from, Tag = tag }, login, progress, ct)));
        }
        catch (EngineException e) when (!e.IsGone)
        {
            Console.WriteLine($"No layers of {name}: {e.Message}");
        }
    }

    /// <summary>Passes on what the engine says; its own error is ours.</summary>
    private static async Task Follow(string what, Func<IProgress<JSONMessage>, Task> act, Action<string>? hear = null)
    {
        string? error = null;
        await act(new Listener<JSONMessage>(message =>
        {
            if (message.Error?.Message is { } wrong)
                error ??= wrong;
            else if (message.Stream is { } text)
            {
                hear?.Invoke(text);
                Console.Write(text);
            }
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

    private static JobDirectory JobOf(ImageBuildOrder order) => JobDirectory.Open(order.JobDirectory) ?? throw new InvalidDataException($"{order.JobDirectory} is no job's directory.");

    private static Workspace WorkspaceOf(ImageBuildOrder order)
    {
        var directory = JobOf(order);
        var options = new ExecutionOptions { JobsDirectory = "", WorkDirectory = order.WorkDirectory, MirrorsDirectory = "", SupervisorPath = "", AgentName = "" };
        return new(options, directory.Job, directory.Ticket.User, TimeProvider.System);
    }
}
