using System.Globalization;

namespace PRTS.Execution.Users;

/// <summary>Whose rights a job's steps have. Uid -1: the agent's own (it does not run as root).</summary>
internal readonly record struct JobUser(int Uid, int Gid, string Name)
{
    public static JobUser Own { get; } = new(-1, -1, Environment.UserName);

    public bool IsOther => Uid >= 0;

    public static JobUser Numbered(int uid) => new(uid, uid, string.Create(CultureInfo.InvariantCulture, $"job{uid}"));

    /// <summary>Gives the file or directory to this user.</summary>
    public void TakeOver(string path)
    {
        if (IsOther)
            Native.Linux.Chown(path, Uid, Gid);
    }
}
