namespace PRTS.Pipelines.Parsing;

/// <summary>The stable values of <see cref="Diagnostic.Code"/>; docs/pipeline.md explains each.</summary>
public static class DiagnosticCodes
{
    public const string YamlSyntax = "yaml-syntax";
    public const string TabIndent = "tab-indent";
    public const string Encoding = "encoding";
    public const string EmptyFile = "empty-file";
    public const string FileTooLarge = "file-too-large";
    public const string TooDeep = "too-deep";
    public const string TooManyNodes = "too-many-nodes";
    public const string UnknownAlias = "unknown-alias";
    public const string UnsupportedYaml = "unsupported-yaml";
    public const string UnknownKey = "unknown-key";
    public const string NotSupportedYet = "not-supported-yet";
    public const string DuplicateKey = "duplicate-key";
    public const string MissingKey = "missing-key";
    public const string ConflictingKeys = "conflicting-keys";
    public const string EmptyValue = "empty-value";
    public const string WrongType = "wrong-type";
    public const string BadValue = "bad-value";
    public const string BadName = "bad-name";
    public const string ReservedName = "reserved-name";
    public const string DuplicateName = "duplicate-name";
    public const string UnknownNeed = "unknown-need";
    public const string UnknownArtifact = "unknown-artifact";
    public const string BadInclude = "bad-include";
    public const string Cycle = "cycle";
    public const string BadCron = "bad-cron";
    public const string BadTimeout = "bad-timeout";
    public const string BadGlob = "bad-glob";
    public const string BadPath = "bad-path";
    public const string BadExpression = "bad-expression";
    public const string UnknownReference = "unknown-reference";
    public const string TooManyJobs = "too-many-jobs";
    public const string PlanTooLarge = "plan-too-large";
    public const string TooManyErrors = "too-many-errors";
}
