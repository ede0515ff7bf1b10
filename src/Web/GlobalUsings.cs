// Orleans has an attribute of the same name for grains; pages mean Blazor's.
global using PersistentStateAttribute = Microsoft.AspNetCore.Components.PersistentStateAttribute;
