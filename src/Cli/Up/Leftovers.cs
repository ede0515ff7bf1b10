using PRTS.Cli.Processes;

namespace PRTS.Cli.Up;

/// <summary>Programs that a killed launcher left running; found by their pid files, never by name.</summary>
internal static class Leftovers
{
    public static readonly IReadOnlyList<(string Name, string Role)> InOrderOfStart = [("postgres", "postgres"), ("server", "server"), ("agent", "agent")];

    public static IReadOnlyList<ProcessMark> Find(Home home) =>
        [.. InOrderOfStart.Select(child => home.Pid(child.Name).Read()).OfType<ProcessMark>()];

    public static async Task StopAsync(Home home, Action<string> tell, bool withJobs)
    {
        foreach (var (name, role) in InOrderOfStart.Reverse())
        {
            if (home.Pid(name).Read() is { } process)
            {
                var isPostgres = role == "postgres";
                var clean = await process.StopAsync(isPostgres ? Unix.SigInt : Unix.SigTerm, TimeSpan.FromSeconds(30), isPostgres ? Unix.SigQuit : Unix.SigKill);
                tell(clean ? $"stopped the {name}" : $"the {name} did not stop in time and was killed");
            }

            home.Pid(name).Delete();
            if (role == "agent" && withJobs)
            {
                await JobSupervisors.StopAsync(home, tell);
            }
        }
    }
}
