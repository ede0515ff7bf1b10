using PRTS.Pipelines.Expressions;

namespace PRTS.Pipelines.Planning;

/// <summary>What a job's own expressions (its condition, labels, concurrency group, image, services and environment) see before it runs (docs/pipeline.md).</summary>
public static class JobScope
{
    /// <summary>Each looks through all before it, and the server has other builds to run.</summary>
    private const int MaxTemplates = 1000;

    /// <summary>Characters of a concurrency group's name.</summary>
    public const int LongestGroup = 200;

    /// <summary>Of what the templates of variables become, together: each may double the one before it.</summary>
    private const int MaxLength = 1 << 20;

    private static readonly Dictionary<string, string> NoValues = [];

    /// <summary>The group of a whole build, written out.</summary>
    /// <exception cref="ExpressionException">It cannot be evaluated, or is empty.</exception>
    public static string GroupOf(BuildFacts build, PlannedConcurrency concurrency)
    {
        var values = new Dictionary<string, ExpressionValue>(StringComparer.OrdinalIgnoreCase)
        {
            ["build"] = Contexts.Build(build.Org, build.Project, build.Number, build.Event, build.Actor, url: null),
            ["inputs"] = Contexts.Json(build.Inputs),
        };
        return Group(concurrency.Group, new() { Values = values });
    }

    /// <exception cref="ExpressionException">There are too many variables with expressions, or they become too long.</exception>
    public static EvaluationContext Of(BuildFacts build, PlannedJob job, Func<string, EndedJob> ended)
    {
        var values = new Dictionary<string, ExpressionValue>(StringComparer.OrdinalIgnoreCase)
        {
            ["build"] = Contexts.Build(build.Org, build.Project, build.Number, build.Event, build.Actor, url: null),
            ["inputs"] = Contexts.Json(build.Inputs),
            ["matrix"] = Contexts.Json(job.Matrix?.Values ?? NoValues),
            ["needs"] = ExpressionValue.Of(NeededJobs.Of(build.Jobs, job, ended).Select(need => KeyValuePair.Create(need.Key, Need(need.Value)))),
        };
        return WithVariables(values, job.Env);
    }

    /// <summary>Whether the job has anything that <see cref="Render(PlannedJob, EvaluationContext)"/> writes out.</summary>
    public static bool HasTemplates(PlannedJob job) => job.Environment is not null || Templates(job).Any(IsTemplate);

    /// <summary>Labels, concurrency group, image, services and environment written out.</summary>
    /// <exception cref="ExpressionException">The message says which cannot be.</exception>
    public static PlannedJob Render(PlannedJob job, EvaluationContext context) => job with
    {
        RunsOn = [.. job.RunsOn.Select(label => Label(label, context)).Distinct(StringComparer.Ordinal)],
        Concurrency = job.Concurrency is { } concurrency ? concurrency with { Group = Group(concurrency.Group, context) } : null,
        Container = job.Container is { } container ? container with { Image = Render("image", container.Image, context) } : null,
        ServiceContainers = [.. job.ServiceContainers.Select(service => Render(service, context))],
        Environment = job.Environment is { } environment ? EnvironmentName(environment, context) : null,
        EnvironmentUrl = job.EnvironmentUrl is { } url ? Render("environment's url", url, context) : null,
    };

    private static IEnumerable<string?> Templates(PlannedJob job) => job.ServiceContainers
        .SelectMany(service => service.Env.Values.Concat(service.Command).Append(service.Image).Append(service.Health?.Command))
        .Concat(job.RunsOn).Append(job.Concurrency?.Group).Append(job.Container?.Image).Append(job.Environment).Append(job.EnvironmentUrl);

    private static string Label(string template, EvaluationContext context)
    {
        var label = Render("runs_on", template, context);
        return PlannedJob.IsLabel(label) ? label : throw new ExpressionException($"its runs_on {template} gives '{Parsing.Words.Short(label)}', which is no label: a label is a word without spaces and commas");
    }

    /// <summary>Whether it can be an environment's name.</summary>
    public static bool IsEnvironment(string name) => name.Length is > 0 and <= 100 && !name.Any(c => char.IsControl(c) || c is '/' or '\\') && name is not ("." or "..");

    /// <summary>Whether it can be a concurrency group's name.</summary>
    public static bool IsGroup(string group) => group.Length is > 0 and <= LongestGroup && !group.Any(char.IsControl);

    private static string EnvironmentName(string template, EvaluationContext context)
    {
        var name = Render("environment", template, context).Trim();
        return IsEnvironment(name)
            ? name
            : throw new ExpressionException($"its environment {template} gives '{Parsing.Words.Short(name)}'; an environment's name is one line of 1 to 100 characters without slashes");
    }

    private static string Group(string template, EvaluationContext context)
    {
        var group = Render("concurrency group", template, context).Trim();
        return IsGroup(group)
            ? group
            : throw new ExpressionException($"its concurrency group {template} gives '{Parsing.Words.Short(group)}'; a group is one line of 1 to {LongestGroup} characters");
    }

    private static PlannedContainer Render(PlannedContainer service, EvaluationContext context)
    {
        var image = Render("service", service.Image, context);
        var name = service.Name.Length > 0 ? service.Name : PlannedContainer.HostNameOf(image)
            ?? throw new ExpressionException($"no host name can be made of its service {image}: give the service a `name`");
        return Render(service with { Name = name, Image = image }, name, context);
    }

    private static PlannedContainer Render(PlannedContainer service, string name, EvaluationContext context) => service with
    {
        Env = service.Env.ToDictionary(variable => variable.Key, variable => Render($"service {name}", variable.Value, context), StringComparer.Ordinal),
        Command = [.. service.Command.Select(part => Render($"service {name}", part, context))],
        Health = service.Health is { } health ? health with { Command = Render($"service {name}", health.Command, context) } : null,
    };

    private static bool IsTemplate(string? text) => text?.Contains("${{", StringComparison.Ordinal) == true;

    private static string Render(string what, string template, EvaluationContext context)
    {
        try
        {
            return Template.Evaluate(template, context);
        }
        catch (ExpressionException wrong)
        {
            throw new ExpressionException($"its {what} cannot be evaluated: {template}: {wrong.Message}");
        }
    }

    /// <summary>
    /// Each variable sees those before it. One that needs what is there in steps only is null here: the steps, which can evaluate it,
    /// say what is wrong when it cannot be evaluated at all.
    /// </summary>
    private static EvaluationContext WithVariables(Dictionary<string, ExpressionValue> values, IReadOnlyList<IReadOnlyDictionary<string, string>> env)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var (templates, length) = (0, 0);
        foreach (var (name, template) in env.SelectMany(level => level))
        {
            if (!IsTemplate(template))
            {
                variables[name] = template;
                continue;
            }

            if (++templates > MaxTemplates) throw new ExpressionException($"more than {MaxTemplates} variables with expressions");
            try
            {
                variables[name] = Template.Evaluate(template, new() { Values = Contexts.WithVariables(values, variables) });
            }
            catch (ExpressionException)
            {
                variables.Remove(name);
                continue;
            }

            length += variables[name].Length;
            if (length > MaxLength) throw new ExpressionException($"variables with expressions become more than {MaxLength} characters");
        }

        return new() { Values = Contexts.WithVariables(values, variables) };
    }

    private static ExpressionValue Need(EndedJob need) => Contexts.Need(
        need.Result switch
        {
            JobResult.Success => "success",
            JobResult.Failure => "failure",
            JobResult.Cancelled => "cancelled",
            _ => "skipped",
        },
        need.Outputs ?? new Dictionary<string, string>(StringComparer.Ordinal));
}
