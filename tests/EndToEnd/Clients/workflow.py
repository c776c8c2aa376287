# Pytest integration test
import pytest
import asyncio
from mcp_client import MCPClient

@pytest.mark.asyncio
async def test_appointment_workflow():
    """Test complete appointment booking workflow"""
    
    client = MCPClient('http://localhost:8002', test_token)
    
    # 1. Create a test patient
    patient = await client.invoke_tool('create_user', {
        'email': 'test@example.com',
        'password': 'Test123!',
        'first_name': 'Test',
        'last_name': 'Patient',
        'role': 'PATIENT',
        'hospital_id': test_hospital_id
    })
    
    # 2. List available doctors
    doctors = await client.invoke_tool('list_doctors', {
        'hospital_id': test_hospital_id
    })
    
    assert len(doctors['results']) > 0
    doctor = doctors['results'][0]
    
    # 3. Check availability
    slots = await client.invoke_tool('list_appointment_slots', {
        'doctor_id': doctor['id'],
        'date': '2025-02-01'
    })
    
    assert len(slots['available_times']) > 0
    
    # 4. Book appointment
    appointment = await client.invoke_tool('create_appointment', {
        'patient_id': patient['id'],
        'doctor_id': doctor['id'],
        'appointment_date': '2025-02-01',
        'appointment_time': slots['available_times'][0],
        'reason': 'Test appointment'
    })
    
    assert appointment['status'] == 'SCHEDULED'
    
    # 5. Cleanup
    await client.invoke_tool('delete_user', {
        'user_id': patient['id']
    })
