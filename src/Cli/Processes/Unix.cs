using System.Runtime.InteropServices;

namespace PRTS.Cli.Processes;

/// <summary>The few system calls that .NET does not offer.</summary>
internal static partial class Unix
{
    public const int SigInt = 2;
    public const int SigQuit = 3;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    public static bool IsRoot { get; } = GetEffectiveUser() == 0;

    /// <summary>False when the process is not there any more.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    public static void ChangeOwner(string path, UnixUser user)
    {
        if (Chown(path, user.Uid, user.Gid) != 0)
        {
            throw new UserError($"Cannot give {path} to the user {user.Name}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }
    }

    /// <summary>Leaves the terminal: a session of our own, which no Ctrl-C and no hang-up reaches.</summary>
    public static void LeaveSession() => _ = SetSession();

    /// <summary>Sends standard output and error to a file from here on, also those of the runtime.</summary>
    public static void RedirectOutput(string path)
    {
        using var log = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var descriptor = (int)log.SafeFileHandle.DangerousGetHandle();
        _ = Duplicate(descriptor, 1);
        _ = Duplicate(descriptor, 2);
    }

    /// <summary>Replaces this process by another program, with our environment. Returns only when that fails.</summary>
    public static int Become(string program, IReadOnlyList<string> arguments)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(variable => $"{variable.Key}={variable.Value}");
        Execute(program, [program, .. arguments, null], [.. environment, null]);
        throw new UserError($"Cannot start {program}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string program, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);
}

/// <summary>A user of this machine, as /etc/passwd has it.</summary>
internal sealed record UnixUser(string Name, uint Uid, uint Gid)
{
    public static UnixUser? Find(string name)
    {
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            var fields = line.Split(':');
            if (fields.Length > 3 && fields[0] == name && uint.TryParse(fields[2], out var uid) && uint.TryParse(fields[3], out var gid))
            {
                return new UnixUser(name, uid, gid);
            }
        }

        return null;
    }
}
