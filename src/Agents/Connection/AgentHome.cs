using PRTS.Agents.Configuration;

namespace PRTS.Agents.Connection;

/// <summary>The agent's directory, which is one process's at a time: two would adopt the same jobs.</summary>
public static class AgentHome
{
    /// <returns>What holds the directory, until it is disposed of or this process ends.</returns>
    /// <exception cref="AgentSetupException">Another process holds it.</exception>
    public static IDisposable Take(string home)
    {
        Directory.CreateDirectory(home);
        var path = Path.Combine(home, "agent.lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (File.Exists(path))
        {
            throw new AgentSetupException($"An agent runs already in {home}: a second one on this machine needs another name (--name).", held);
        }
    }
}
