using System.Diagnostics;
using MedCor.Identity.Duplicates;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace MedCor.Tests.Services.Identity.Duplicates;

/// <summary>Measures how many known duplicates are found in a hospital, and how many of those that are found are any. The output has the figures.</summary>
public class DuplicateRecallTests(ITestOutputHelper output)
{
    private const int Patients = 10_000, Known = 500;

    [Fact]
    public async Task Of_the_duplicates_of_a_hospital_95_percent_are_found_and_of_those_found_90_percent_are_some()
    {
        await using var identity = await IdentityFixture.Create();
        var hospital = Guid.CreateVersion7();
        var generated = GeneratedPatients.Create(hospital, Patients, Known);
        await identity.Write(db =>
        {
            db.Add(new HospitalCopy { HospitalId = hospital, Name = "Large", TimeZone = "Europe/Berlin", IsActive = true, Version = 1 });
            db.AddRange(generated.All);
        });
        var comparison = new PatientComparisonService(
            identity.Get<IServiceScopeFactory>(), TimeProvider.System, NullLogger<PatientComparisonService>.Instance);

        var watch = Stopwatch.StartNew();
        await comparison.CompareAllAsync(CancellationToken.None);

        var elapsed = watch.Elapsed;
        var found = await identity.Execute((MedCor.Identity.IdentityDb db, IServiceProvider _) =>
            db.CandidatePairs.AsNoTracking().Select(p => new { p.FirstId, p.SecondId, p.Score, p.Reasons }).ToListAsync());
        var known = generated.Duplicates.ToHashSet();
        var right = found.Count(pair => known.Contains((pair.FirstId, pair.SecondId)));
        var (recall, precision) = ((double)right / known.Count, (double)right / Math.Max(found.Count, 1));
        output.WriteLine($"{generated.All.Count} patients, {known.Count} duplicates: recall {recall:P1}, precision {precision:P1}, "
            + $"{elapsed.TotalSeconds:0.0} s");
        var pairs = found.Select(pair => (pair.FirstId, pair.SecondId)).ToHashSet();
        foreach (var missed in generated.Duplicates.Index().Where(pair => !pairs.Contains(pair.Item)).GroupBy(pair => pair.Index % 10))
            output.WriteLine($"missed of kind {missed.Key}: {missed.Count()}");
        foreach (var wrong in found.Where(pair => !known.Contains((pair.FirstId, pair.SecondId))).GroupBy(pair => pair.Reasons))
            output.WriteLine($"wrong because of {wrong.Key}: {wrong.Count()}");
        Assert.True(recall >= 0.95, $"recall {recall:P1}");
        Assert.True(precision >= 0.9, $"precision {precision:P1}");
    }
}
