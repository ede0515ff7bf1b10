namespace PRTS.Cli.Processes;

/// <summary>Where a process of ours is written down: <c>$PRTS_HOME/run/NAME.pid</c>.</summary>
internal sealed class PidFile(string path)
{
    /// <summary>The process if it is alive, else null.</summary>
    public ProcessMark? Read()
    {
        try
        {
            return ProcessMark.Parse(File.ReadAllText(path)) is { IsAlive: true } mark ? mark : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Write(ProcessMark mark)
    {
        var temporary = path + ".new";
        File.WriteAllText(temporary, mark + "\n");
        File.Move(temporary, path, overwrite: true);
    }

    public void Delete() => File.Delete(path);
}
