using System.Buffers;
using System.Globalization;
using PRTS.Pipelines.Planning;
using PRTS.Pipelines.Validation;

namespace PRTS.Pipelines.Parsing;

/// <summary>Reads a job's <c>image</c>, <c>services</c> and <c>resources</c>.</summary>
internal static class ContainerReader
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    private static readonly Dictionary<string, PullPolicy> Policies = new(StringComparer.Ordinal)
    {
        ["if_not_present"] = PullPolicy.IfNotPresent,
        ["always"] = PullPolicy.Always,
        ["never"] = PullPolicy.Never,
    };

    public static ContainerDefinition? Image(MappingReader job)
    {
        if (job.Get("image") is not { } node) return null;
        if (node is not YamlMapping) return Short(node, "image", job.Errors);
        if (MappingReader.Of(node, PipelineKeys.Image, job.Errors) is not { } image) return null;
        return ImageName(image, "name") is not { } name ? null : new()
        {
            Image = name,
            Pull = Pull(image),
            User = User(image),
            ReadOnly = image.Flag("read_only"),
        };
    }

    public static IReadOnlyList<ContainerDefinition> Services(MappingReader job)
    {
        if (job.Get("services") is not { } node) return [];
        if (node is not YamlSequence list)
        {
            job.Errors.Add(DiagnosticCodes.WrongType, node.Start, $"`services` is a list of images such as `- postgres:15`, but this is {node.Kind}.");
            return [];
        }

        var services = new List<ContainerDefinition>();
        foreach (var item in list.Items)
        {
            if (Service(item, job.Errors) is not { } service) continue;
            if (services.Find(other => other.Name == service.Name && other.Name.Length > 0) is { } taken)
                job.Errors.Add(DiagnosticCodes.DuplicateName, item.Start,
                    $"The job already has a service that is reached as `{service.Name}`, in line {taken.Image.Line}; give one of them another `name`.");
            else
                services.Add(service);
        }

        return services;
    }

    public static ContainerLimits? Resources(MappingReader job)
    {
        if (job.Get("resources") is not { } node || MappingReader.Of(node, PipelineKeys.Resources, job.Errors) is not { } resources) return null;
        if (!job.Has("image"))
            job.Errors.Add(DiagnosticCodes.ConflictingKeys, job.PlaceOf("resources"), "`resources` are for the job's container; give the job an `image`, or remove them.");
        return new() { Cpu = Cpu(resources), Memory = Memory(resources), Pids = Count(resources, "pids") ?? 0 };
    }

    private static ContainerDefinition? Service(YamlNode item, ErrorList errors)
    {
        if (item is not YamlMapping) return Short(item, "A service", errors) is { } plain ? plain with { Name = HostName(plain.Image, errors) } : null;
        if (MappingReader.Of(item, PipelineKeys.Service, errors) is not { } service) return null;
        if (ImageName(service, "image") is not { } image) return null;
        return new()
        {
            Image = image,
            Name = service.Fixed("name") is { } name ? Checked(name, errors) : HostName(image, errors),
            Pull = Pull(service),
            Env = service.Env(),
            Ports = Ports(service),
            Command = [.. (service.List("command") ?? []).Select(part => Template(part, errors))],
            Health = Health(service),
        };
    }

    private static ContainerDefinition? Short(YamlNode node, string what, ErrorList errors)
    {
        if (node is YamlScalar { IsNull: false } image)
        {
            ExpressionCheck.Template(image, errors, Evaluated.BeforeJob);
            return new() { Image = image.Located() };
        }

        errors.Add(DiagnosticCodes.WrongType, node.Start, $"{(what == "image" ? "`image`" : what)} is an image such as `postgres:15`, or a mapping, but this is {node.Kind}.");
        return null;
    }

    private static Located<string>? ImageName(MappingReader reader, string key)
    {
        if (Values.AsScalar(reader.Require(key, "the image, for example `postgres:15`"), key, reader.Errors) is not { } name) return null;
        ExpressionCheck.Template(name, reader.Errors, Evaluated.BeforeJob);
        return name.Located();
    }

    /// <summary>Empty when only the evaluated image will tell.</summary>
    private static string HostName(Located<string> image, ErrorList errors)
    {
        if (image.Value.Contains("${{", StringComparison.Ordinal)) return "";
        if (PlannedContainer.HostNameOf(image.Value) is { } name) return name;
        errors.Add(DiagnosticCodes.BadName, image.Place(),
            $"No host name can be made of `{Words.Short(image.Value)}`; write the service as a mapping with `image` and `name`.");
        return "";
    }

    private static string Checked(YamlScalar name, ErrorList errors)
    {
        if (!PlannedContainer.IsHostName(name.Value))
            errors.Add(DiagnosticCodes.BadName, name.Start,
                $"`{Words.Short(name.Value)}` cannot be a service's name, which is its host name: lower-case letters, digits and `-`, at most 63 characters.");
        return name.Value;
    }

    private static string Template(YamlScalar part, ErrorList errors)
    {
        ExpressionCheck.Template(part, errors, Evaluated.BeforeJob);
        return part.Value;
    }

    private static PullPolicy Pull(MappingReader reader)
    {
        if (reader.Fixed("pull") is not { } pull) return default;
        if (Policies.TryGetValue(pull.Value, out var policy)) return policy;
        reader.Errors.Add(DiagnosticCodes.BadValue, pull.Start,
            $"There is no pull policy `{Words.Short(pull.Value)}`.{Suggestion.Text(pull.Value, [.. Policies.Keys])} Use {Words.Or(Policies.Keys.Select(p => $"`{p}`"))}.");
        return default;
    }

    private static string? User(MappingReader image)
    {
        if (image.Fixed("user") is not { } user) return null;
        if (user.Value.Length > 0 && user.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':')) return user.Value;
        image.Errors.Add(DiagnosticCodes.BadName, user.Start, $"`{Words.Short(user.Value)}` is no user of an image; write a name, a number, or `uid:gid`.");
        return null;
    }

    private static List<int> Ports(MappingReader service)
    {
        var ports = new List<int>();
        foreach (var port in service.List("ports") ?? [])
        {
            if (int.TryParse(port.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 65536)
                ports.Add(number);
            else
                service.Errors.Add(DiagnosticCodes.BadValue, port.Start,
                    $"`{Words.Short(port.Value)}` is no port. Ports are numbers from 1 to 65535 on which the service listens; nothing is published, the job reaches it by its name.");
        }

        return ports;
    }

    private static PlannedHealth? Health(MappingReader service)
    {
        if (service.Get("health") is not { } node) return null;
        if (node is YamlScalar { IsNull: false } command) return new() { Command = Template(command, service.Errors) };
        if (MappingReader.Of(node, PipelineKeys.Health, service.Errors) is not { } health) return null;
        health.Require("command", "what exits with 0 when the service is ready, for example `pg_isready`");
        var standard = new PlannedHealth { Command = health.Template("command", Evaluated.BeforeJob) ?? "" };
        return standard with
        {
            Interval = health.Timeout("interval") ?? standard.Interval,
            Timeout = health.Timeout() ?? standard.Timeout,
            Retries = Count(health, "retries") ?? standard.Retries,
        };
    }

    private static double Cpu(MappingReader resources)
    {
        if (resources.Fixed("cpu") is not { } cpu) return 0;
        if (double.TryParse(cpu.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cores) && cores is >= 0.01 and <= 4096) return cores;
        resources.Errors.Add(DiagnosticCodes.BadValue, cpu.Start, $"`{Words.Short(cpu.Value)}` is no number of cores; write for example `2` or `0.5`.");
        return 0;
    }

    private static long Memory(MappingReader resources)
    {
        if (resources.Fixed("memory") is not { } memory) return 0;
        var unit = memory.Value.AsSpan().IndexOfAnyExcept(Digits);
        var (digits, suffix) = unit < 0 ? (memory.Value, "") : (memory.Value[..unit], memory.Value[unit..].Trim().ToUpperInvariant());
        long? factor = suffix switch { "KB" or "KIB" or "K" => 1L << 10, "MB" or "MIB" or "M" => 1L << 20, "GB" or "GIB" or "G" => 1L << 30, _ => null };
        if (factor is { } bytes && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var size) && size * bytes is >= 6 << 20 and < 1L << 50)
            return (long)(size * bytes);
        resources.Errors.Add(DiagnosticCodes.BadValue, memory.Start, $"`{Words.Short(memory.Value)}` is no amount of memory; write for example `512MB` or `2GB`, and at least `6MB`.");
        return 0;
    }

    private static int? Count(MappingReader reader, string key)
    {
        if (reader.Fixed(key) is not { } text) return null;
        if (int.TryParse(text.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 1_000_000) return count;
        reader.Errors.Add(DiagnosticCodes.BadValue, text.Start, $"`{key}` is a whole number from 1 to 1000000, but this is `{Words.Short(text.Value)}`.");
        return null;
    }
}
