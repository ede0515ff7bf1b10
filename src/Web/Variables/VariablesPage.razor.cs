namespace PRTS.Web.Variables;

public partial class VariablesPage
{
    protected override object Shown => (Org, Name);

    protected override bool Restored => false;

    protected override async Task Load() => await Exists();
}
