using System.Security.Cryptography;
using System.Text;
using PRTS.Cli.Processes;

namespace PRTS.Cli;

/// <summary>The data directory, <c>$PRTS_HOME</c>: everything that PRTS keeps on this machine.</summary>
internal sealed class Home(string path)
{
    public string Path { get; } = path;

    public string ConfigFile => In("prts.json");
    public string AdminFile => In("admin.json");
    public string Logs => In("logs");
    public string Agents => In("agents");
    public string LogOf(string name) => System.IO.Path.Combine(Logs, name + ".log");
    public PidFile Pid(string name) => new(System.IO.Path.Combine(In("run"), name + ".pid"));
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A short name that no other data directory on this machine has.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)))[..10];

    /// <summary>PRTS_HOME; else <c>var/</c> of the checkout; else a directory of the user's own.</summary>
    public static Home Find()
    {
        var path = Environment.GetEnvironmentVariable("PRTS_HOME");
        if (string.IsNullOrEmpty(path))
        {
            path = Installation.Checkout is { } checkout
                ? System.IO.Path.Combine(checkout, "var")
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "prts");
        }

        return new Home(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
    }
}
