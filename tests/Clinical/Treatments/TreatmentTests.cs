using System.Text.Json.Nodes;

namespace MedCor.Tests.Clinical.Treatments;

public sealed class TreatmentTests
{
    [Fact]
    public async Task It_keeps_its_medications_and_ends_once()
    {
        var ward = await Ward.Open();
        var doctor = await ward.AsDoctor();
        var begun = await doctor.Do("create_treatment", Wish(ward));
        Assert.Equal(("ACTIVE", "10mg", "2027-03-01"), ((string?)begun["status"], (string?)begun["medications"]![0]!["dosage"], (string?)begun["follow_up_date"]));

        var ended = await doctor.Do("update_treatment", new { treatment_id = Id(begun), status = "COMPLETED", notes = "Went well" });
        Assert.Equal(("COMPLETED", "Went well", 2), ((string?)ended["status"], (string?)ended["notes"], (int)ended["version"]!));
        Assert.Equal("CONFLICT", (await doctor.Call("update_treatment", new { treatment_id = Id(begun), status = "DISCONTINUED" })).Code);
        Assert.Equal(1, (int)(await (await ward.AsPatient()).Do("list_treatments", new { status = "COMPLETED" }))["total"]!);
    }

    [Fact]
    public async Task Nurses_and_patients_read_and_the_platform_sees_no_content()
    {
        var ward = await Ward.Open();
        var begun = await ward.Admin.Do("create_treatment", Wish(ward));
        foreach (var reader in new[] { ward.Nurse, await ward.AsPatient() })
        {
            Assert.Equal("Hypertension", (string?)(await reader.Do("get_treatment", new { treatment_id = Id(begun) }))["name"]);
            Assert.Equal("PERMISSION_DENIED", (await reader.Call("create_treatment", Wish(ward))).Code);
            Assert.Equal("PERMISSION_DENIED", (await reader.Call("update_treatment", new { treatment_id = Id(begun), notes = "x" })).Code);
        }
        var seen = await (await Ward.As("admin@medcor.example")).Do("get_treatment", new { treatment_id = Id(begun) });
        Assert.Equal("ACTIVE", (string?)seen["status"]);
        foreach (var content in new[] { "name", "description", "medications", "instructions", "notes", "follow_up_date" }) Assert.Null(seen[content]);
        Assert.Equal("RESOURCE_NOT_FOUND", (await (await Ward.As("admin@riverside.example")).Call("get_treatment", new { treatment_id = Id(begun) })).Code);
    }

    private static object Wish(Ward ward) => new
    {
        patient_id = ward.Patient, doctor_id = ward.Doctor, name = "Hypertension", description = "Blood pressure control",
        medications = new[] { new { name = "Lisinopril", dosage = "10mg", frequency = "Once daily", duration = "3 months" } },
        instructions = "Monitor daily", follow_up_date = "2027-03-01",
    };

    private static string Id(JsonNode treatment) => (string)treatment["id"]!;
}
