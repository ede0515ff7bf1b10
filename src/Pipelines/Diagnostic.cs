using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Pipelines;

/// <summary>One thing that is, or probably is, wrong in a pipeline file. Line and column count from 1.</summary>
[GenerateSerializer, Alias("prts.diagnostic"), Immutable]
public sealed record Diagnostic
{
    /// <summary>Stable identifier such as <c>unknown-key</c>; documented in docs/pipeline.md.</summary>
    [Id(0)] public required string Code { get; init; }
    [Id(1)] public required string File { get; init; }
    [Id(2)] public required int Line { get; init; }
    [Id(3)] public required int Column { get; init; }

    /// <summary>What is wrong and what would be right, in one English sentence or two.</summary>
    [Id(4)] public required string Message { get; init; }

    [Id(5)] public DiagnosticSeverity Severity { get; init; }

    public override string ToString() => $"{File}:{Line}:{Column}: {(Severity == DiagnosticSeverity.Warning ? "warning: " : "")}{Message} [{Code}]";
}

/// <summary>What a diagnostic means for a build. JSON has the lower-case name.</summary>
[GenerateSerializer, Alias("prts.diagnostic-severity")]
[JsonConverter(typeof(DiagnosticSeverityJsonConverter))]
public enum DiagnosticSeverity
{
    /// <summary>The file makes no build.</summary>
    Error = 0,

    /// <summary>Builds run, though probably not as meant.</summary>
    Warning = 1,
}

/// <summary>Lower-case names, as scripts expect them.</summary>
public sealed class DiagnosticSeverityJsonConverter() : JsonStringEnumConverter<DiagnosticSeverity>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);
