namespace MedCor.Hosting;

/// <summary>A built project. One class per project reference is generated, as <c>Projects.Name</c>.</summary>
public interface IProjectMetadata
{
    /// <summary>The project file.</summary>
    string ProjectPath { get; }

    /// <summary>The assembly that it builds.</summary>
    string AssemblyPath { get; }
}
