using System.Globalization;
using Microsoft.Win32.SafeHandles;
using PRTS.Execution.Native;

namespace PRTS.Execution.Users;

/// <summary>
/// Which job has which uid, for all agents of this machine: one file per uid under /run, holding the job's directory. A claim whose job
/// directory is gone is free. /run is emptied when the machine starts.
/// </summary>
internal sealed class UserClaims(ExecutionOptions options)
{
    private const string Claims = "/run/prts/job-users";

    public JobUser Claim(string jobDirectory)
    {
        if (!Linux.IsRoot)
            return JobUser.Own;
        var range = JobUserRange.Parse(options.JobUser);
        if (range.Fixed is { } user)
            return user;
        using var gate = Lock();
        for (var uid = range.First; uid <= range.Last; uid++)
        {
            var claim = ClaimFile(uid);
            if (File.Exists(claim) && Directory.Exists(File.ReadAllText(claim)))
                continue;
            File.WriteAllText(claim, jobDirectory);
            return JobUser.Numbered(uid);
        }
        throw new InvalidOperationException($"All job users ({range.First}-{range.Last}) are taken; allow more with PRTS_JOB_USER.");
    }

    /// <summary>Repeated after a crash it finds the claim gone, or made by another job, which keeps it.</summary>
    public void Release(JobUser user, string jobDirectory)
    {
        if (!IsExclusive(user))
            return;
        using var gate = Lock();
        var claim = ClaimFile(user.Uid);
        if (File.Exists(claim) && File.ReadAllText(claim) == jobDirectory)
            File.Delete(claim);
    }

    /// <summary>True when no other job shares the uid, so that all of its processes belong to the job.</summary>
    public bool IsExclusive(JobUser user) => user.IsOther && JobUserRange.Parse(options.JobUser).Fixed is null;

    private static SafeFileHandle Lock()
    {
        Directory.CreateDirectory(Claims);
        return Linux.OpenLocked(Path.Combine(Claims, "lock"));
    }

    private static string ClaimFile(int uid) => Path.Combine(Claims, uid.ToString(CultureInfo.InvariantCulture));
}
