using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Execution.Users;
using PRTS.Supervisor.Protocol;

namespace PRTS.Execution.Jobs;

/// <summary>What the agent writes when it takes a job, before anything else happens.</summary>
/// <param name="BootId">The machine's start: after another one, no process of the job lives and its files may be cut.</param>
/// <param name="Uid">The steps' user; -1: the agent's own.</param>
internal sealed record JobTicket(JobAssignment Assignment, string BootId, int Uid, int Gid, string UserName)
{
    [JsonIgnore]
    public JobUser User => new(Uid, Gid, UserName);
}

/// <summary>
/// One attempt's directory under <see cref="ExecutionOptions.JobsDirectory"/>: 0700, because it holds the attempt's token and journal.
/// Beside the supervisor's files (<see cref="JobFiles"/>) it has <c>job.json</c>, <c>events</c>, <c>cancel</c> and <c>workspace-ready</c>.
/// </summary>
internal sealed class JobDirectory
{
    private const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Deleted = ".deleted";
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private JobDirectory(string path, JobTicket ticket) => (Path, Ticket) = (path, ticket);

    public string Path { get; }

    public JobTicket Ticket { get; }

    public JobAssignment Job => Ticket.Assignment;

    public string Events => In("events");

    public string Spool => In(JobFiles.Spool);

    public string Journal => In(JobFiles.Journal);

    /// <summary>True once a supervisor was started: a second one could run a step twice.</summary>
    public bool HasSupervisor => File.Exists(Journal);

    public bool MachineRestarted => Ticket.BootId != BootId();

    /// <summary>Whether the checkout was complete before the first step.</summary>
    public bool IsWorkspaceReady
    {
        get => File.Exists(In("workspace-ready"));
        set => WriteWhole(In("workspace-ready"), "");
    }

    /// <summary>Whether the step was begun although the job was already canceled (its <c>if</c> wanted that), so that the cancellation spares it.</summary>
    public bool BeganCanceled(int step) => File.Exists(In(BeganCanceledName(step)));

    public void NoteBeganCanceled(int step) => WriteWhole(In(BeganCanceledName(step)), "");

    /// <summary>Why the attempt is to be canceled; null while it is not.</summary>
    public string? CancelReason => File.Exists(In("cancel")) ? File.ReadAllText(In("cancel")) : null;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A readable, unique file name for an attempt.</summary>
    public static string NameOf(string attempt)
    {
        var readable = new string([.. attempt.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-')]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(attempt)))[..12];
        return $"{readable[Math.Max(0, readable.Length - 60)..].TrimStart('-', '.')}-{hash}";
    }

    public static string PathOf(ExecutionOptions options, string attempt) => System.IO.Path.Combine(options.JobsDirectory, NameOf(attempt));

    /// <summary>Takes the job, or opens what an earlier agent process took.</summary>
    public static JobDirectory Take(ExecutionOptions options, JobAssignment job, UserClaims claims)
    {
        var path = PathOf(options, job.Attempt);
        if (Open(path) is { } taken)
            return taken;
        Directory.CreateDirectory(path, PrivateDirectory);
        var user = claims.Claim(path);
        var ticket = new JobTicket(job, BootId(), user.Uid, user.Gid, user.Name);
        WriteWhole(System.IO.Path.Combine(path, "job.json"), JsonSerializer.Serialize(ticket, ApiJson.Options));
        return new(path, ticket);
    }

    /// <summary>Null when no job was taken there, or when the machine lost its power before that was on the disk.</summary>
    public static JobDirectory? Open(string path)
    {
        var file = System.IO.Path.Combine(path, "job.json");
        if (path.EndsWith(Deleted, StringComparison.Ordinal) || !File.Exists(file))
            return null;
        try
        {
            return new(path, JsonSerializer.Deserialize<JobTicket>(File.ReadAllText(file), ApiJson.Options)!);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps a cancellation for whoever runs the attempt now or adopts it. The first reason stands.</summary>
    public static void KeepCancellation(ExecutionOptions options, string attempt, string reason)
    {
        var path = PathOf(options, attempt);
        var file = System.IO.Path.Combine(path, "cancel");
        if (!Directory.Exists(path) || File.Exists(file))
            return;
        try
        {
            WriteWhole(file, reason);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            // The attempt ended meanwhile: there is nothing left to cancel.
        }
    }

    /// <summary>What the job's steps see as /etc/hosts: the machine's, and the job's services.</summary>
    public void WriteHosts(IReadOnlyDictionary<string, string> services)
    {
        var path = In(JobFiles.Hosts);
        var own = File.Exists("/etc/hosts") ? File.ReadAllText("/etc/hosts").TrimEnd() + "\n" : "";
        WriteWhole(path, own + string.Concat(services.Select(service => $"{service.Value} {service.Key}\n")));
        // The directory keeps it from others; mounted over /etc/hosts it is to be read by the job's user.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    /// <summary>The attempt is over. Moved away first: a file that is written there at this moment would keep a directory from being deleted.</summary>
    public void Delete()
    {
        var deleted = Path + Deleted;
        Directory.Move(Path, deleted);
        Directory.Delete(deleted, recursive: true);
    }

    /// <summary>When the checkout was complete; null when it was not.</summary>
    public DateTimeOffset? CheckoutEnded => IsWorkspaceReady ? new DateTimeOffset(File.GetLastWriteTimeUtc(In("workspace-ready"))) : null;

    public (ProcessIdentity Process, DateTimeOffset At)? SupervisorStarted =>
        Supervisor() is { } process ? (process, new DateTimeOffset(File.GetLastWriteTimeUtc(In(JobFiles.SupervisorPid)))) : null;

    public ProcessIdentity? Supervisor() => File.Exists(In(JobFiles.SupervisorPid)) ? ProcessIdentity.Parse(File.ReadAllText(In(JobFiles.SupervisorPid))) : null;

    /// <param name="length">Read so much of it; null: all there is.</param>
    public IReadOnlyList<JournalRecord> ReadJournal(long? length = null)
    {
        if (!File.Exists(Journal))
            return [];
        using var file = new FileStream(Journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[length ?? file.Length];
        file.ReadExactly(bytes);
        return JournalRecord.ParseAll(bytes);
    }

    private static string BeganCanceledName(int step) => string.Create(CultureInfo.InvariantCulture, $"step-{step}-began-canceled");

    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>A reader sees the whole file or none.</summary>
    private static void WriteWhole(string path, string text)
    {
        var unfinished = path + ".new";
        using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = PrivateFile }))
            file.Write(Encoding.UTF8.GetBytes(text));
        File.Move(unfinished, path, overwrite: true);
    }
}
