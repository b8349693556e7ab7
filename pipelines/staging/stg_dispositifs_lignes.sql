-- Grain : une ligne par ligne lue des fichiers de dispositifs, avec son sort.
with
    lues as (select * from raw_dispositifs),
    fichiers as (select * from stg_fichier where source = 'dispositifs'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            sans_accents(dispositif) as dispositif,
            oui_non(present) as est_present,
            texte(source_dispositif) as origine,
            uai as uai_lu,
            dispositif as dispositif_lu,
            present as present_lu
        from lues
    ),

    jugees as (
        select
            *,
            motif_uai_local(uai, uai_lu) as motif_uai,
            case
                when
                    dispositif is null
                    or dispositif not in ('UPE2A', 'RELAIS', 'ULIS', 'SEGPA', 'INTERNAT')
                then 'dispositif_inconnu'
            end as motif_dispositif,
            not uai_juste(uai) or motif_dispositif is not null or est_present is null as est_perdue
        from nettoyees
    ),

    classees as (
        select
            jugees.*,
            row_number() over rangs as rang,
            first_value(jugees.fichier) over rangs as fichier_retenu,
            first_value(jugees.est_present) over rangs as present_retenu
        from jugees
        left join fichiers on jugees.fichier = fichiers.fichier
        window
            rangs as (
                partition by jugees.uai, jugees.dispositif
                order by jugees.est_perdue, fichiers.rang_millesime, jugees.fichier, jugees.ligne
            )
    ),

    final as (
        select
            'dispositifs' as source,
            fichier,
            ligne,
            uai,
            dispositif,
            est_present,
            origine,
            sort_de(est_perdue, rang) as sort,
            case
                when est_perdue or rang = 1
                then
                    a_redire(
                        [
                            cellule('uai', uai_lu, motif_uai),
                            cellule('dispositif', dispositif_lu, motif_dispositif),
                            cellule(
                                'present',
                                present_lu,
                                case when est_present is null then 'present_illisible' end
                            )
                        ]
                    )
                when est_present != present_retenu
                then
                    [
                        cellule(
                            'present',
                            contraires(
                                uai || ' ' || dispositif,
                                dit_oui_non(est_present),
                                dit_oui_non(present_retenu),
                                fichier_retenu
                            ),
                            'lignes_contraires'
                        )
                    ]
                else [cellule('uai', uai_lu, 'dispositif_deux_lignes')]
            end as anomalies
        from classees
    )

select *
from final
