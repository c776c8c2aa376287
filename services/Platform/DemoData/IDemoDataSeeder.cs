namespace MedCor.Platform.DemoData;

/// <summary>What a service adds to its empty database in Development, so that everything can be tried at once. Never runs elsewhere.</summary>
public interface IDemoDataSeeder
{
    /// <summary>Adds the data unless it is there. Runs alone, on all hospitals, in one transaction.</summary>
    Task SeedAsync(CancellationToken ct);
}
