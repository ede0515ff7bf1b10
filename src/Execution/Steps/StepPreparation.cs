using System.Globalization;
using System.Text;
using PRTS.Api.Builds;
using PRTS.Execution.Containers;
using PRTS.Execution.Images;
using PRTS.Execution.Native;
using PRTS.Execution.Supervision;
using PRTS.Execution.Workspaces;
using PRTS.Pipelines.Planning;
using PRTS.Supervisor.Masking;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Steps;

/// <summary>Makes a step's script, environment and command line.</summary>
/// <param name="orders">A directory that steps cannot see.</param>
/// <param name="masks">Names are shown to everybody.</param>
internal sealed class StepPreparation(ExecutionOptions options, JobAssignment job, Workspace workspace, IStepHost host, string orders, Func<PlannedStep, string?> traceParent, Masks masks)
{
    /// <summary>The step's process, or what keeps it from being made.</summary>
    public (RunStep? Command, string Name, string? Error) Prepare(PlannedStep step, StepScope scope, TimeSpan timeout)
    {
        var name = step.Name;
        try
        {
            var environment = scope.Environment(step);
            if (step.Image is { } image)
            {
                name = masks.Apply(scope.Render(step.Name, environment, "the step's name"));
                return (BuildImage(step, Rendered(image, text => scope.Render(text, environment, "the image to build")), timeout), name, null);
            }
            // The command first: it may be what names the step.
            var text = scope.Render(step.Run ?? "", environment, "the command");
            name = NameOf(step, text) ?? masks.Apply(scope.Render(step.Name, environment, "the step's name"));
            foreach (var (key, value) in StepEnvironment.Fixed(job, step, name, host, host.PathOf(OutputName(step)), options, traceParent(step)))
                environment[key] = value;
            var directory = DirectoryOf(step, scope, environment);
            var script = WriteScript(step, text);
            var (argv, error) = host.CommandLine(step.Shell, script, environment.GetValueOrDefault("PATH", ""), directory);
            if (error is not null)
                return (null, name, error);
            CreateOutputFile(step);
            return (host.Launch(new(step.Index, argv, environment, directory, timeout, job.CancelGrace) { Group = step.Parallel ?? -1, Label = Label(step, name) }), name, null);
        }
        catch (ScopeException e)
        {
            return (null, name, e.Message);
        }
    }

    /// <summary>A process with the agent's rights, which asks the engine.</summary>
    private RunStep BuildImage(PlannedStep step, PlannedImage image, TimeSpan timeout)
    {
        var order = Path.Combine(orders, Number(step) + ".image.json");
        var network = Ownership.NameOf(options, job.Attempt);
        CreateOutputFile(step);
        new ImageBuildOrder
        {
            JobDirectory = orders,
            Labels = Ownership.Labels(options, job.Attempt),
            Network = job.Job.Container is null && job.Job.ServiceContainers.Count == 0 ? $"{network}-{Number(step)}" : network,
            Record = BuildRecord.PathOf(options, job.Attempt, step.Index),
            WorkDirectory = options.WorkDirectory,
            Engine = options.Engine?.Path ?? throw new ScopeException("an image is built by a container engine, and this agent has none (PRTS_CONTAINERS=none)"),
            Credentials = RegistryCredentials.UsualFile,
            Outputs = OutputPath(step),
            Image = image,
        }.Write(order);
        return new(step.Index, [.. OwnProgram.CommandLine, ImageBuild.Verb, order], [.. SupervisorProgram.Environment().Select(variable => $"{variable.Key}={variable.Value}"), .. ForCredentialHelpers()],
            "/", -1, -1, Math.Max(1, (long)timeout.TotalMilliseconds), (long)job.CancelGrace.TotalMilliseconds, step.Parallel ?? -1, Label(step, masks.Apply(step.Name)));
    }

    /// <summary>Programs that keep registries' credentials look for their own settings there.</summary>
    private static IEnumerable<string> ForCredentialHelpers() => ((string[])["HOME", "XDG_RUNTIME_DIR"])
        .Where(name => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 }).Select(name => $"{name}={System.Environment.GetEnvironmentVariable(name)}");

    private static PlannedImage Rendered(PlannedImage image, Func<string, string> render) => image with
    {
        Context = render(image.Context),
        Dockerfile = render(image.Dockerfile),
        Target = image.Target is null ? null : render(image.Target),
        Tags = [.. image.Tags.Select(render)],
        CacheFrom = [.. image.CacheFrom.Select(render)],
        Args = image.Args.ToDictionary(arg => arg.Key, arg => render(arg.Value), StringComparer.Ordinal),
    };

    private static string Label(PlannedStep step, string name) => step.Parallel is null ? "" : name.ReplaceLineEndings(" ");

    public string NameOf(PlannedStep step, StepScope scope)
    {
        try
        {
            var environment = scope.Environment(step);
            return NameOf(step, scope.Render(step.Run ?? "", environment, "the command")) ?? masks.Apply(scope.Render(step.Name, environment, "the step's name"));
        }
        catch (ScopeException)
        {
            return step.Name; // It runs already, so its name was evaluated once; it is only a label.
        }
    }

    /// <summary>The name that the evaluated command gives to the step, masked before it is shortened. Null: the author gave one.</summary>
    private string? NameOf(PlannedStep step, string command) =>
        !step.NamedByCommand ? null : PlannedStep.NameOf(masks.Apply(command)) is { Length: > 0 } line ? line : step.Name;

    /// <summary>At most one byte more than may be there.</summary>
    public byte[] ReadOutputs(PlannedStep step)
    {
        if (!File.Exists(OutputPath(step)))
            return [];
        // Root in a container may have put something else there.
        using var directory = Linux.OpenPath(workspace.Steps);
        using var handle = Linux.OpenBeneath(directory, OutputName(step));
        if (!Linux.Facts(handle).IsRegular)
            return [];
        using var file = new FileStream(handle, FileAccess.Read);
        var bytes = new byte[OutputFile.MaximumBytes + 1];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private string DirectoryOf(PlannedStep step, StepScope scope, IReadOnlyDictionary<string, string> environment)
    {
        var relative = scope.Render(step.WorkingDirectory ?? "", environment, "the working directory");
        var full = Path.GetFullPath(Path.Combine(host.Checkout, relative));
        if (full != host.Checkout && !full.StartsWith(host.Checkout + "/", StringComparison.Ordinal))
            throw new ScopeException($"the working directory '{relative}' is outside of the workspace");
        return Directory.Exists(Path.Combine(workspace.Checkout, relative)) ? full : throw new ScopeException($"the working directory '{relative}' does not exist in the workspace");
    }

    private string WriteScript(PlannedStep step, string text)
    {
        var name = Number(step) + Shell.ExtensionOf(step.Shell);
        var path = Path.Combine(workspace.Steps, name);
        File.WriteAllText(path, text.EndsWith('\n') ? text : text + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        return host.PathOf(name);
    }

    private void CreateOutputFile(PlannedStep step)
    {
        File.WriteAllText(OutputPath(step), "");
        File.SetUnixFileMode(OutputPath(step), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        workspace.User.TakeOver(OutputPath(step));
    }

    private string OutputPath(PlannedStep step) => Path.Combine(workspace.Steps, OutputName(step));

    private static string OutputName(PlannedStep step) => $"outputs/{Number(step)}";

    private static string Number(PlannedStep step) => step.Index.ToString(CultureInfo.InvariantCulture);
}
