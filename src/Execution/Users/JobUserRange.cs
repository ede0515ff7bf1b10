using System.Globalization;

namespace PRTS.Execution.Users;

/// <summary><see cref="ExecutionOptions.JobUser"/>, understood: one user for all jobs, or a range of uids of which each job gets its own.</summary>
internal sealed record JobUserRange(int First, int Last, JobUser? Fixed)
{
    /// <summary>Neither Debian nor systemd, nor useradd's subordinate ids, use these numbers.</summary>
    public static JobUserRange Default { get; } = new(70_000, 79_999, null);

    /// <summary>The uids that steps may run as.</summary>
    public (int First, int Last) Uids => Fixed is { } user ? (user.Uid, user.Uid) : (First, Last);

    /// <exception cref="FormatException">The message says what is wrong and what would be right.</exception>
    public static JobUserRange Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Default;
        if (text.Split('-') is [var from, var to] && Number(from) is { } first && Number(to) is { } last)
            return first > 0 && first <= last ? new(first, last, null) : throw Wrong(text, "the range must ascend and begin above 0");
        if (Number(text) is { } uid)
            return uid > 0 ? new(uid, uid, JobUser.Numbered(uid)) : throw Wrong(text, "steps must not run as root");
        return new(0, 0, ByName(text));
    }

    private static JobUser ByName(string name)
    {
        var line = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name)
            ?? throw Wrong(name, "/etc/passwd has no such user");
        var uid = int.Parse(line[2], CultureInfo.InvariantCulture);
        return uid > 0 ? new(uid, int.Parse(line[3], CultureInfo.InvariantCulture), name) : throw Wrong(name, "steps must not run as root");
    }

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static FormatException Wrong(string text, string why) =>
        new($"PRTS_JOB_USER '{text}' cannot be used: {why}. Give a user's name, a uid, or a range of uids such as 70000-79999.");
}
