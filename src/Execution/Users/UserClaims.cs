using System.Globalization;
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
        Directory.CreateDirectory(Claims);
        using var gate = File.OpenHandle(Path.Combine(Claims, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        Linux.LockExclusively(gate);
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

    public void Release(JobUser user)
    {
        if (user.IsOther && JobUserRange.Parse(options.JobUser).Fixed is null)
            File.Delete(ClaimFile(user.Uid));
    }

    /// <summary>True when no other job shares the uid, so that all of its processes belong to the job.</summary>
    public bool IsExclusive(JobUser user) => user.IsOther && JobUserRange.Parse(options.JobUser).Fixed is null;

    private static string ClaimFile(int uid) => Path.Combine(Claims, uid.ToString(CultureInfo.InvariantCulture));
}
