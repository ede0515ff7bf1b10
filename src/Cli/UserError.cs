namespace PRTS.Cli;

/// <summary>Ends a command with one sentence on standard error that says what is wrong and what would be right.</summary>
internal class UserError(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

internal static class ExitCodes
{
    public const int Succeeded = 0;
    public const int Failed = 1;

    /// <summary>Invalid use of the command line, or an invalid pipeline.</summary>
    public const int Invalid = 2;
    public const int Canceled = 130;
}
