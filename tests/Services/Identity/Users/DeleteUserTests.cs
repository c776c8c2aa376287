using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Users;

public class DeleteUserTests
{
    [Fact]
    public async Task A_deactivated_users_tokens_stop_within_seconds_and_the_row_stays()
    {
        var somebody = await TestUser.Create("DOCTOR");
        var (admin, doctor) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await somebody.LogIn());
        await doctor.Call("get_current_user");

        var gone = await admin.Call<DeactivatedUser>("delete_user", new { user_id = somebody.Id });

        Assert.False(gone.IsActive);
        Assert.Empty(gone.Affected);
        await Wait.Until(async () => (await doctor.TryCall("get_current_user")).Code == "AUTH_INVALID", "the token stops", TimeSpan.FromSeconds(5));
        Assert.Equal("AUTH_INVALID", (await TestUser.PostRefresh(doctor.RefreshToken)).Code);
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
        Assert.False((await admin.Call<User>("get_user", new { user_id = somebody.Id })).IsActive);
        Assert.DoesNotContain((await admin.Call<Page<Doctor>>("list_doctors", new { limit = 100, sort = "-created_at" })).Results, d => d.Id == somebody.Id);
    }

    [Fact]
    public async Task The_appointments_that_a_deactivated_doctor_was_to_hold_are_named()
    {
        var clinic = await ClinicFixture.Open();
        var coming = (await clinic.Book("10:00:00")).Id;
        await clinic.BookWithStatus("CANCELLED", "11:00:00");

        var gone = await clinic.Admin.Call<DeactivatedUser>("delete_user", new { user_id = clinic.Doctor });

        Assert.Equal([coming], gone.Affected.Select(a => a.Id));
        Assert.Equal(1, gone.AffectedCount);
    }

    [Fact]
    public async Task Of_more_appointments_than_a_page_the_next_ones_are_listed_and_all_are_counted()
    {
        var clinic = await ClinicFixture.Open();
        var first = await clinic.Book("10:00:00");
        // Inserts what 100 calls would book, on the following days.
        await (await MedCorFixture.Get()).QueryNumber("clinical", """
            WITH more AS (
                INSERT INTO appointments SELECT (jsonb_populate_record(a, jsonb_build_object(
                    'id', gen_random_uuid(), 'appointment_date', a.appointment_date + n,
                    'starts_at', a.starts_at + n * interval '1 day', 'ends_at', a.ends_at + n * interval '1 day'))).*
                FROM appointments a, generate_series(1, 100) n WHERE a.id = $1 RETURNING 1)
            SELECT count(*) FROM more
            """, first.Id);

        var gone = await clinic.Admin.Call<DeactivatedUser>("delete_user", new { user_id = clinic.Doctor });
        // No events were published for these appointments, so the counts in other services would never agree.
        await (await MedCorFixture.Get()).QueryNumber("clinical",
            "WITH less AS (DELETE FROM appointments WHERE doctor_id = $1 AND id <> $2 RETURNING 1) SELECT count(*) FROM less", clinic.Doctor,
            first.Id);

        var affected = gone.Affected;
        Assert.Equal((100, 101), (affected.Count, gone.AffectedCount));
        Assert.Equal(first.Id, affected[0].Id);
        Assert.Equal(affected.Select(a => a.AppointmentDate).Order(), affected.Select(a => a.AppointmentDate));
    }

    [Fact]
    public async Task Deactivation_is_idempotent_and_a_reactivated_user_can_log_in()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create());
        var first = await admin.Call<DeactivatedUser>("delete_user", new { user_id = somebody.Id });

        Assert.Equal(first.Version, (await admin.Call<DeactivatedUser>("delete_user", new { user_id = somebody.Id })).Version);

        await admin.Call("update_user", new { user_id = somebody.Id, is_active = true });
        await (await somebody.LogIn()).Call("get_current_user");
    }

    [Fact]
    public async Task Nobody_can_deactivate_themselves()
    {
        var somebody = await TestUser.Create("ADMIN");
        Assert.Equal("PERMISSION_DENIED", (await (await somebody.LogIn()).TryCall("delete_user", new { user_id = somebody.Id })).Code);
    }

    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    public async Task Only_administrators_can_deactivate_users(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("delete_user", new { user_id = Guid.NewGuid() })).Code);
}
