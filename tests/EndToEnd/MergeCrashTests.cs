using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests that merges and their undoing complete by themselves when a process is killed meanwhile, and lose and double nothing.</summary>
[Collection(nameof(CrashCollection))]
public class MergeCrashTests
{
    private const int Pairs = 8, RowsOfEach = 3;

    /// <summary>The tables in which each merged patient has one row.</summary>
    private static readonly string[] Tables = ["appointments", "referrals", "emergency_overrides"];

    [Theory]
    [InlineData("clinical-1")]
    [InlineData("identity-1")]
    [InlineData("messaging")]
    public async Task After_any_process_is_killed_every_merge_completes_and_can_be_undone(string victim)
    {
        var house = await MedCorFixture.Get();
        var clinic = await ClinicFixture.OpenHospital("Europe/Berlin");
        var pairs = new List<(Guid Surviving, Guid Merged)>();
        for (var i = 0; i < Pairs; i++) pairs.Add((await Register(clinic), await Register(clinic)));
        foreach (var (surviving, merged) in pairs)
            for (var i = 0; i < RowsOfEach; i++)
            {
                await clinic.Admin.Call("create_medical_record", new { patient_id = merged, title = $"{i}", record_type = "OTHER" });
                await clinic.Admin.Call("create_treatment", new { patient_id = surviving, doctor_id = clinic.Doctor, name = $"{i}" });
            }
        foreach (var (n, (_, merged)) in pairs.Index())
        {
            await clinic.Book($"{9 + n / 2:00}:{n % 2 * 30:00}:00", patient: merged);
            await clinic.Admin.Call("create_referral",
                new { patient_id = merged, user_id = clinic.Doctor, until = ClinicFixture.FormatDate(clinic.Today.AddDays(30)), reason = "Second opinion" });
            await clinic.Admin.Call("break_glass", new { patient_id = merged, reason = "Unconscious" });
        }

        await ForEachPair("merge_patients");
        await Wait.Until(async () => await CountStatus("MERGED") == Pairs, "all are merged", TimeSpan.FromSeconds(90));
        foreach (var (surviving, merged) in pairs)
        {
            Assert.Equal((RowsOfEach, RowsOfEach, 0, 0), await CountRows(surviving, merged));
            foreach (var table in Tables) Assert.Equal((table, 1, 0), (table, await Count(table, surviving), await Count(table, merged)));
        }

        await ForEachPair("unmerge_patients");
        await Wait.Until(async () => await CountStatus("UNMERGED") == Pairs, "all are unmerged", TimeSpan.FromSeconds(90));
        foreach (var (surviving, merged) in pairs)
        {
            Assert.Equal((0, RowsOfEach, RowsOfEach, 0), await CountRows(surviving, merged));
            foreach (var table in Tables) Assert.Equal((table, 0, 1), (table, await Count(table, surviving), await Count(table, merged)));
        }

        async Task ForEachPair(string tool)
        {
            var (killed, begun) = (0, 0);
            await Parallel.ForEachAsync(pairs, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (pair, _) =>
            {
                if (Interlocked.Increment(ref begun) == Pairs / 2) killed = house.Kill(victim);
                // Without a key: to merge patients again who are merged changes nothing.
                await Wait.Until(async () =>
                {
                    try
                    {
                        return (await clinic.Admin.TryCall(tool, new { surviving_patient_id = pair.Surviving, merged_patient_id = pair.Merged })).Code is null;
                    }
                    catch (HttpRequestException)
                    {
                        return false; // The connection broke off with the process.
                    }
                }, $"{tool} is answered", TimeSpan.FromSeconds(90));
            });
            await house.WaitUntilRecovered(victim, killed);
        }

        async Task<int> CountStatus(string status) =>
            (int)(await clinic.Admin.Call<Page<PatientMerge>>("list_patient_merges", new { status, limit = 100 })).Total;

        async Task<(int, int, int, int)> CountRows(Guid surviving, Guid merged) => (
            await Count("medical_records", surviving), await Count("treatments", surviving), await Count("medical_records", merged),
            await Count("treatments", merged));

        async Task<int> Count(string table, Guid patient) =>
            (int)await house.QueryNumber("clinical", $"SELECT count(*) FROM {table} WHERE patient_id = $1", patient);
    }

    private static async Task<Guid> Register(ClinicFixture clinic) => (await clinic.Admin.Call<User>("create_user",
        new { email = TestUser.NewEmail(), first_name = "Robin", last_name = "Testperson", role = "PATIENT" })).Id;
}
