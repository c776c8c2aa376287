namespace MedCor.Platform.DemoData;

/// <summary>Adds a service's demo data to its empty database, so that everything can be tried at once. Runs in Development only.</summary>
public interface IDemoDataSeeder
{
    /// <summary>Adds the data unless it exists. Runs alone, for all hospitals, in one transaction.</summary>
    Task SeedAsync(CancellationToken ct);
}
