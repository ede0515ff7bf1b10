namespace PRTS.Cli;

/// <summary>Where the parts of PRTS lie: <c>out/</c> of a checkout, or the directories beside this program.</summary>
internal static class Installation
{
    /// <summary>The root of the checkout that this program was built in; null when it was installed without one.</summary>
    public static string? Checkout { get; } = FindCheckout(AppContext.BaseDirectory);

    /// <summary>How the user calls us.</summary>
    public static string Command => Checkout is null ? "prts" : "./prts";

    public static string Server => Part("server", "prts-server");
    public static string Agent => Part("agent", "prts-agent");
    public static string Supervisor => Part("supervisor", "prts-supervisor");

    /// <summary>Throws when a part that <c>up</c> needs has not been built.</summary>
    public static void CheckParts()
    {
        foreach (var program in new[] { Server, Agent, Supervisor })
        {
            if (!File.Exists(program))
            {
                throw new UserError($"{program} is missing. Start with the script ./prts of the checkout, which builds it.");
            }
        }
    }

    private static string Part(string directory, string program)
    {
        var parts = Checkout is null ? Path.Combine(AppContext.BaseDirectory, "..") : Path.Combine(Checkout, "out");
        return Path.GetFullPath(Path.Combine(parts, directory, program));
    }

    private static string? FindCheckout(string from)
    {
        for (var at = new DirectoryInfo(from); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "PRTS.sln")))
            {
                return at.FullName;
            }
        }

        return null;
    }
}
